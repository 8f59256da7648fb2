"""The objects of one bucket: requests, patience, and errors in our words."""

from __future__ import annotations

import time
from datetime import timedelta
from random import random
from typing import NamedTuple

from obstore.exceptions import AlreadyExistsError, BaseError, NotModifiedError, PreconditionError
from obstore.store import S3Store

from sloth_tui.store.s3.client.credentials import from_file
from sloth_tui.store.s3.client.failures import code_of, may_pass, never_sent, status_of, translated

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeVar

    from obstore import ObjectMeta
    from obstore.store import ClientConfig, S3Config

    from sloth_tui.errors import SlothError
    from sloth_tui.store.s3.client.address import Address

    T = TypeVar("T")

FIRST_SECONDS, PATIENCE_SECONDS = 2.0, 10.0
"""How long requests that fail are made again: before the server has ever answered, and after."""
ANSWER_SECONDS = 10.0
"""How long the server may be silent within one request."""
_LARGE, _LARGE_SECONDS = 1 << 20, 900.0
"""Bytes from which an upload counts as large, and the seconds that one may take."""
_PAUSE_SECONDS = 0.02


class Lost(Exception):
    """The condition of a request does not hold: somebody else was first."""


class Unanswered(Exception):
    """It is not known whether the server did what it was asked to."""

    def __init__(self, error: SlothError) -> None:
        super().__init__(error.message)
        self.error = error
        """What to tell if it stays unknown."""


class Found(NamedTuple):
    """The content of an object."""

    data: bytes
    etag: str


class Bucket:
    """Requests to the objects of a bucket. Safe from any thread."""

    def __init__(self, address: Address, *, answer_seconds: float = ANSWER_SECONDS) -> None:
        self.address = address
        self.bare_etags = False
        """True if the server takes an ETag only without its quotes."""
        self.keeps_conditions = False
        """True once it is known that the server keeps the conditions of requests."""
        self._answer_seconds = answer_seconds
        self._answered = False
        self._credentials = from_file()
        self._usual = self._client(read_timeout=timedelta(seconds=answer_seconds))
        self._large: S3Store | None = None

    def read(self, path: str) -> Found | None:
        """Return an object; None if there is none. Raises DatabaseUnusable."""
        found = self.read_unless(path, None)
        assert not isinstance(found, str)
        return found

    def read_unless(self, path: str, etag: str | None) -> Found | str | None:
        """Like :meth:`read`; return ``etag`` itself if that is the object's ETag."""

        def get() -> Found | str | None:
            try:
                answer = self._usual.get(path, options={"if_none_match": etag} if etag else None)
            except NotModifiedError:
                return etag
            except FileNotFoundError as error:
                self._require_bucket(error)
                return None
            seen = answer.meta["e_tag"] or ""
            return etag if seen == etag else Found(bytes(answer.bytes()), seen)

        return self._patiently(get, writing=False)

    def look(self, path: str) -> ObjectMeta | None:
        """Return size, time and ETag of an object; None if there is none. Raises DatabaseUnusable."""

        def head() -> ObjectMeta | None:
            try:
                return self._usual.head(path)
            except FileNotFoundError as error:
                self._require_bucket(error)
                return None

        return self._patiently(head, writing=False)

    def listed(self, path: str) -> list[ObjectMeta]:
        """Return the objects directly under a path. Raises DatabaseUnusable."""
        return self._patiently(
            lambda: list(self._usual.list_with_delimiter(path or None)["objects"]), writing=False
        )

    def put(self, path: str, data: bytes, etag: str | None) -> str:
        """Replace the object that has this ETag, or create one (None); return its new ETag.

        Raises Lost, Unanswered, NotWritable, DatabaseUnusable."""
        client = self._usual if len(data) < _LARGE else self._for_large()
        sent = etag.strip('"') if etag is not None and self.bare_etags else etag
        patience = self._patience()
        for pause in patience:
            try:
                result = client.put(
                    path, data, mode="create" if sent is None else {"e_tag": sent}, use_multipart=False
                )
            except (AlreadyExistsError, PreconditionError, FileNotFoundError) as error:
                if status_of(error) != 409 and code_of(error) != "NoSuchBucket":
                    raise Lost from error
                if status_of(error) != 409 or pause is None:
                    raise self._translated(error, writing=True) from error
            except BaseError as error:
                if not may_pass(error):
                    raise self._translated(error, writing=True) from error
                if not never_sent(error):
                    raise Unanswered(self._translated(error, writing=True)) from error
                if pause is None:
                    raise self._translated(error, writing=True) from error
            else:
                self._answered = True
                return result["e_tag"] or ""
            time.sleep(pause)
        raise AssertionError  # the last pause is None

    def delete(self, path: str) -> None:
        """Delete an object, whether it exists or not. Raises NotWritable, DatabaseUnusable."""

        def delete() -> None:
            try:
                self._usual.delete(path)
            except FileNotFoundError as error:
                self._require_bucket(error)

        self._patiently(delete, writing=True)

    def _require_bucket(self, error: FileNotFoundError) -> None:
        """Raise DatabaseUnusable if not only an object, but the bucket does not exist."""
        if code_of(error) == "NoSuchBucket":
            raise self._translated(error, writing=False) from error

    def _patiently(self, request: Callable[[], T], *, writing: bool) -> T:
        """Make a request that may be made twice."""
        for pause in self._patience():
            try:
                answer = request()
            except (BaseError, FileNotFoundError) as error:
                if pause is None or not may_pass(error):
                    raise self._translated(error, writing=writing) from error
                time.sleep(pause)
            else:
                self._answered = True
                return answer
        raise AssertionError  # the last pause is None

    def _patience(self) -> Iterator[float | None]:
        """Yield the pause after each try; None after the last."""
        end = time.monotonic() + (PATIENCE_SECONDS if self._answered else FIRST_SECONDS)
        pause = _PAUSE_SECONDS
        while time.monotonic() < end:
            yield pause * (0.5 + random())  # noqa: S311  # not for security
            pause = min(pause * 2, 1.0)
        yield None

    def _translated(self, error: BaseException, *, writing: bool) -> SlothError:
        return translated(error, self.address, self._answer_seconds, writing=writing)

    def _for_large(self) -> S3Store:
        """Return a client without a limit on the time in which nothing is read: a large upload is that."""
        if self._large is None:
            self._large = self._client()
        return self._large

    def _client(self, read_timeout: timedelta | None = None) -> S3Store:
        address = self.address
        config: S3Config = {"region": address.region or ""}
        if address.endpoint:
            config["endpoint"] = address.endpoint
        if self._credentials:
            config.update(self._credentials)
        options: ClientConfig = {
            "allow_http": address.is_plain,
            "connect_timeout": timedelta(seconds=FIRST_SECONDS),
            "timeout": timedelta(seconds=_LARGE_SECONDS),
        }
        if read_timeout is not None:
            options["read_timeout"] = read_timeout
        return S3Store(address.bucket, config=config, client_options=options, retry_config={"max_retries": 0})
