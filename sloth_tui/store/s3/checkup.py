"""Examine a store on S3: the server, the database as it is there, and objects that belong to nothing."""

from __future__ import annotations

from time import time

from sloth_tui.model import Check
from sloth_tui.store.s3.probe import recall
from sloth_tui.store.sqlite.checkup.content import schema_objects, structure, values
from sloth_tui.store.sqlite.checkup.locks import clock
from sloth_tui.store.sqlite.engine.connection import OpenDatabase
from sloth_tui.text import format_count, format_duration, format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.store.s3.client.objects import Bucket
    from sloth_tui.store.s3.copies.host_copy import HostCopy

_LARGE_BYTES = 256 * 1024 * 1024
"""Each write sends the whole database."""
_OLD_PROBE_SECONDS = 3600.0
_PROBE = "/probe-"


def examine(bucket: Bucket, name: str, copy: HostCopy, *, full: bool) -> list[Check]:
    """Return what was found. Raises DatabaseUnusable if the server does not answer."""
    return list(_examined(bucket, name, copy, full=full))


def _examined(bucket: Bucket, name: str, copy: HostCopy, *, full: bool) -> Iterator[Check]:
    place = bucket.address
    listed = bucket.listed(place.prefix)
    yield Check("server", "ok", f"{place.server} answers", None)
    if place.is_plain and not place.is_local:
        yield Check("encryption", "warning", "nothing is encrypted on the way to the server", "use https")
    if recall(bucket):
        yield Check("conditions", "ok", "the server keeps the conditions of a change", None)
    else:
        yield Check("conditions", "ok", "not known yet", "store check finds it out")
    yield from _orphans(bucket, [(meta["path"], meta["last_modified"].timestamp()) for meta in listed])
    known = copy.refresh()
    if known.etag is None:
        yield Check("database", "ok", f"{copy.location}: there is none yet", None)
        return
    size = next((meta["size"] for meta in listed if meta["path"] == copy.remote), 0)
    if size > _LARGE_BYTES:
        hint = "each write sends all of it: state compact, or a store on etcd"
        yield Check("size", "warning", format_size(size), hint)
    else:
        yield Check("size", "ok", format_size(size), None)
    database = OpenDatabase(copy.path, told=copy.told)
    try:
        for check in (structure, schema_objects, values, clock):
            yield from check(name, database, full)
    finally:
        database.close()


def _orphans(bucket: Bucket, objects: list[tuple[str, float]]) -> Iterator[Check]:
    now = time()
    left = [path for path, at in objects if _PROBE in "/" + path and now - at > _OLD_PROBE_SECONDS]
    if left:
        oldest = format_duration(now - min(at for path, at in objects if path in left))
        text = f"{format_count(len(left), 'object')} of a probe, up to {oldest} old: {left[0]}"
        yield Check("orphans", "warning", text, "delete what begins with probe-")
    else:
        yield Check("orphans", "ok", "nothing was left by writers that are gone", None)
