"""A small S3 server within the process of the tests: it keeps objects in memory, and the conditions of
requests where a test wants them kept. It serves only requests that are signed with ``CREDENTIALS``."""

from __future__ import annotations

import re
from hashlib import md5, sha256
from hmac import compare_digest
from hmac import digest as hmac
from threading import Lock
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape, unescape

from tests.servers.imitations import Handler
from tests.servers.s3 import BUCKET, CREDENTIALS

if TYPE_CHECKING:
    from collections.abc import Iterable

_PAGE = 5
"""Objects in one answer of a list: so few that short lists have several pages."""
_MODIFIED, _MODIFIED_ISO = "Sat, 28 Nov 2026 00:00:00 GMT", "2026-11-28T00:00:00.000Z"
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]+)"
)


def keeping(
    *, conditions: bool = True, quotes: bool = True, buckets: Iterable[str] = (BUCKET,)
) -> type[Handler]:
    """A server that keeps objects in these buckets; with or without the conditions of requests, with ETags as
    it gives them (quoted) or, in conditions of writes, bare."""

    class Keeping(_Keeping):
        objects: ClassVar[dict[str, dict[str, bytes]]] = {bucket: {} for bucket in buckets}

        def may_put(self, there: bytes | None) -> bool:
            if not conditions:
                return True
            if self.headers.get("If-None-Match") == "*":
                return there is None
            wanted = self.headers.get("If-Match")
            if wanted is None:
                return True
            return there is not None and wanted == (_etag(there) if quotes else _etag(there).strip('"'))

    return Keeping


def _etag(data: bytes) -> str:
    return f'"{md5(data, usedforsecurity=False).hexdigest()}"'


class _Keeping(Handler):
    objects: ClassVar[dict[str, dict[str, bytes]]]
    one_at_a_time = Lock()

    def may_put(self, there: bytes | None) -> bool:
        raise NotImplementedError

    def handle_one(self, data: bytes) -> None:
        address = urlsplit(self.path)
        bucket, _, key = unquote(address.path).lstrip("/").partition("/")
        query = dict(parse_qsl(address.query, keep_blank_values=True))
        with self.one_at_a_time:
            objects = self.objects.get(bucket)
            refused = self._why_not(address.path, query)
            if refused:
                self.refuse(403, refused)
            elif objects is None:
                self.refuse(404, "NoSuchBucket")
            elif self.command == "PUT":
                self._put(objects, key, data)
            elif self.command == "DELETE":
                objects.pop(key, None)
                self.answer(204)
            elif self.command == "POST" and "delete" in query:
                self._delete(objects, data.decode())
            elif not key and "list-type" in query:
                self._list(objects, query)
            else:
                self._get(objects.get(key))

    def _why_not(self, path: str, query: dict[str, str]) -> str:
        """Return the code with which to refuse who has not signed the request as the server would."""
        found = _AUTHORIZATION.fullmatch(self.headers.get("Authorization", ""))
        if not found:
            return "AccessDenied"
        user, scope, names, signature = found.groups()
        if user != CREDENTIALS["AWS_ACCESS_KEY_ID"]:
            return "InvalidAccessKeyId"
        request = (
            self.command,
            path,
            "&".join(
                sorted(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query.items())
            ),
            *(f"{name}:{self.headers.get(name, '').strip()}" for name in names.split(";")),
            "",
            names,
            self.headers.get("x-amz-content-sha256", ""),
        )
        digest = sha256("\n".join(request).encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{self.headers.get('x-amz-date')}\n{scope}\n{digest}"
        key = f"AWS4{CREDENTIALS['AWS_SECRET_ACCESS_KEY']}".encode()
        for part in scope.split("/"):
            key = hmac(key, part.encode(), "sha256")
        ours = hmac(key, text.encode(), "sha256").hex()
        return "" if compare_digest(ours, signature) else "SignatureDoesNotMatch"

    def _put(self, objects: dict[str, bytes], key: str, data: bytes) -> None:
        if not self.may_put(objects.get(key)):
            self.refuse(412, "PreconditionFailed")
            return
        objects[key] = data
        self.answer(200, ETag=_etag(data))

    def _get(self, there: bytes | None) -> None:
        if there is None:
            self.refuse(404, "NoSuchKey")
        elif self.headers.get("If-None-Match") == _etag(there):
            self.answer(304, ETag=_etag(there))
        else:
            self.answer(
                200, there, ETag=_etag(there), Last_Modified=_MODIFIED, Content_Length=str(len(there))
            )

    def _delete(self, objects: dict[str, bytes], wanted: str) -> None:
        keys = [unescape(key) for key in re.findall(r"<Key>(.*?)</Key>", wanted)]
        for key in keys:
            objects.pop(key, None)
        deleted = "".join(f"<Deleted><Key>{escape(key)}</Key></Deleted>" for key in keys)
        self.answer(200, f"<DeleteResult>{deleted}</DeleteResult>".encode())

    def _list(self, objects: dict[str, bytes], query: dict[str, str]) -> None:
        """Answer with a page of what has the prefix: objects, and for those with a delimiter after it what is
        common to them."""
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        found: dict[str, str] = {}
        for key in sorted(key for key in objects if key.startswith(prefix)):
            head, mark, _ = key[len(prefix) :].partition(delimiter) if delimiter else (key, "", "")
            if mark:
                common = f"{prefix}{head}{mark}"
                found[common] = f"<CommonPrefixes><Prefix>{escape(common)}</Prefix></CommonPrefixes>"
            else:
                data = objects[key]
                found[key] = (
                    f"<Contents><Key>{escape(key)}</Key><LastModified>{_MODIFIED_ISO}</LastModified>"
                    f"<ETag>{escape(_etag(data))}</ETag><Size>{len(data)}</Size></Contents>"
                )
        after = query.get("continuation-token", "")
        names = [name for name in found if name > after]
        page = names[:_PAGE]
        more = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if names[_PAGE:] else ""
        self.answer(
            200,
            f"<ListBucketResult><IsTruncated>{'true' if more else 'false'}</IsTruncated>{more}"
            f"{''.join(found[name] for name in page)}</ListBucketResult>".encode(),
        )
