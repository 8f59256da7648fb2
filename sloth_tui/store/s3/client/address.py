"""Addresses ``s3://bucket/prefix[?endpoint=URL&region=R]``."""

from __future__ import annotations

import os
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from sloth_tui.errors import UsageError

_FORM = "s3://BUCKET/PREFIX[?endpoint=URL&region=R]"
_CREDENTIALS = "credentials come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or ~/.aws/credentials"
_BUCKET_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_")
_PREFIX_CHARACTERS = _BUCKET_CHARACTERS | frozenset("/=+@!,()'")
_OPTIONS = ("endpoint", "region")
_MAX_BUCKET, _MAX_PREFIX = 255, 300
_LOCKS = "locks"
_LOCAL = ("localhost", "127.0.0.1", "::1")


class Address(NamedTuple):
    """A parsed address."""

    bucket: str
    prefix: str
    """Without slashes at its ends; empty for the top of the bucket."""
    endpoint: str | None
    """URL of the server; None: Amazon's."""
    region: str | None

    @property
    def text(self) -> str:
        """The bucket and prefix, for people."""
        return f"s3://{self.bucket}" + (f"/{self.prefix}" if self.prefix else "")

    @property
    def server(self) -> str:
        """The server, for people."""
        return self.endpoint or f"S3 in {self.region}"

    @property
    def is_plain(self) -> bool:
        """True if nothing is encrypted on the way to the server."""
        return self.endpoint is not None and self.endpoint.startswith("http:")

    @property
    def is_local(self) -> bool:
        """True if the server is on this machine."""
        return self.endpoint is not None and urlsplit(self.endpoint).hostname in _LOCAL

    @property
    def id(self) -> str:
        """A name for files that belong to this place, and to no other."""
        place = "\n".join((self.endpoint or f"aws {self.region}", self.bucket, self.prefix))
        return sha256(place.encode()).hexdigest()[:24]

    def path(self, *parts: str) -> str:
        """Return the path of an object in the bucket."""
        return "/".join((self.prefix, *parts) if self.prefix else parts)

    def snapshot(self, agent: str) -> str:
        """Return the path of an agent's database."""
        return self.path(f"{agent}.db")

    def locks(self, agent: str) -> str:
        """Return the path under which the locks of an agent are."""
        return self.path(_LOCKS, agent)

    def gate(self, agent: str) -> str:
        """Return the path of the lock of the writer that is inside a transaction."""
        return self.path(_LOCKS, f"{agent}.gate")


def parse(address: str) -> Address:
    """Parse an address. What it lacks comes from the environment, as for other programs that use S3.

    Raises UsageError, whose message never repeats what may be a secret."""
    try:
        parts = urlsplit(address)
        options = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError as error:
        raise UsageError("not the address of an S3 store", hint=_FORM) from error
    if parts.scheme != "s3" or parts.fragment:
        raise UsageError("not the address of an S3 store", hint=_FORM)
    if "@" in parts.netloc:
        raise UsageError("the address of an S3 store holds no credentials", hint=_CREDENTIALS)
    bucket, prefix = parts.netloc, parts.path.strip("/")
    if not bucket or len(bucket) > _MAX_BUCKET or not _BUCKET_CHARACTERS.issuperset(bucket):
        raise UsageError(f"'{bucket}' is not the name of a bucket", hint=_FORM)
    if len(prefix) > _MAX_PREFIX or not _PREFIX_CHARACTERS.issuperset(prefix):
        raise UsageError(
            f"s3://{bucket}: letters, digits and . - _ make up a prefix, at most 300", hint=_FORM
        )
    if prefix and not all(part.strip(".") for part in prefix.split("/")):
        raise UsageError(f"s3://{bucket}: a prefix has no empty part, and none of dots alone", hint=_FORM)
    given: dict[str, str] = {}
    for name, value in options:
        if name not in _OPTIONS or name in given or not value:
            raise UsageError(f"s3://{bucket}: only endpoint= and region= are known, once each", hint=_FORM)
        given[name] = value
    endpoint = (
        given.get("endpoint") or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    )
    region = given.get("region") or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return Address(bucket, prefix, _checked_endpoint(endpoint), region or "us-east-1")


def _checked_endpoint(endpoint: str | None) -> str | None:
    if not endpoint:
        return None
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError as error:
        raise UsageError("endpoint= is not a URL", hint="endpoint=https://HOST[:PORT]") from error
    if "@" in parts.netloc:
        raise UsageError("the address of an S3 store holds no credentials", hint=_CREDENTIALS)
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or port == 0
        or parts.query
        or parts.fragment
    ):
        raise UsageError("endpoint= is not a URL", hint="endpoint=https://HOST[:PORT]")
    return endpoint.rstrip("/")
