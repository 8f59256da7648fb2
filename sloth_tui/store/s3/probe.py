"""Whether a server keeps the conditions of a request. Some ignore them all and answer that all went well.

The answer is remembered on this machine, for each bucket of each server.
"""

from __future__ import annotations

import os
from contextlib import suppress

from sloth_tui.errors import DatabaseUnusable, SlothError
from sloth_tui.store.s3.client.objects import Lost, Unanswered
from sloth_tui.store.s3.copies.host_copy import cache_directory, write_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.store.s3.client.objects import Bucket

_KEPT, _KEPT_BARE = "conditions kept\n", "conditions kept, ETags without quotes\n"
_WRONG_ETAG = '"00000000000000000000000000000000"'


def recall(bucket: Bucket) -> bool:
    """Return True if the server is known to keep conditions; take over how it wants ETags."""
    if bucket.keeps_conditions:
        return True
    try:
        with open(_path(bucket), encoding="utf-8") as file:
            remembered = file.read()
    except (OSError, UnicodeDecodeError):
        return False
    bucket.bare_etags = remembered == _KEPT_BARE
    bucket.keeps_conditions = remembered in (_KEPT, _KEPT_BARE)
    return bucket.keeps_conditions


def require_conditions(bucket: Bucket) -> None:
    """Make sure, before the first write, that the server keeps conditions; remember that it does.

    Raises DatabaseUnusable if it does not, NotWritable."""
    if recall(bucket):
        return
    path = bucket.address.path(f"probe-{os.urandom(12).hex()}")
    try:
        _probe(bucket, path)
    except Unanswered as error:
        raise error.error from error
    finally:
        with suppress(SlothError):  # who may not delete leaves a few bytes there
            bucket.delete(path)
    bucket.keeps_conditions = True
    write_file(_path(bucket), _KEPT_BARE if bucket.bare_etags else _KEPT)


def _probe(bucket: Bucket, path: str) -> None:
    try:
        etag = bucket.put(path, b"1", None)
    except Lost as error:
        raise _refused(bucket, "it refuses to create an object that does not exist") from error
    if not etag:
        raise _refused(bucket, "it gives no ETags")
    if _passes(bucket, path, None):
        raise _refused(bucket, "it creates an object that exists")
    if _passes(bucket, path, _WRONG_ETAG):
        raise _refused(bucket, "it replaces an object that has another ETag")
    for bucket.bare_etags in (False, True):
        if _passes(bucket, path, etag):
            break
    else:
        bucket.bare_etags = False
        raise _refused(bucket, "it refuses to replace an object whose ETag is the one that was named")
    if bucket.bare_etags and _passes(bucket, path, etag):
        raise _refused(bucket, "it replaces an object that has another ETag")


def _passes(bucket: Bucket, path: str, etag: str | None) -> bool:
    try:
        bucket.put(path, os.urandom(8), etag)
    except Lost:
        return False
    return True


def _refused(bucket: Bucket, how: str) -> DatabaseUnusable:
    return DatabaseUnusable(
        f"{bucket.address.text}: this S3 server ignores conditional writes: {how}",
        hint="without them, two writers would overwrite each other; nothing was written",
    )


def _path(bucket: Bucket) -> str:
    return os.path.join(cache_directory(), "s3", bucket.address.id, "server")
