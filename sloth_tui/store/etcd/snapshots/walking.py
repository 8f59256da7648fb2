"""Walks over entries: all of one moment, in key order, in pages.

A range whose end is far away is walked by the server to that end, whatever its limit: a walk asks so only
once, for its first page. Then it asks for the remaining keys, and for their values between keys that it
knows."""

from __future__ import annotations

from sloth_tui.store.etcd.client.failures import COMPACTED, Failed
from sloth_tui.store.etcd.client.messages import Range
from sloth_tui.store.etcd.data.records import decode_kept
from sloth_tui.store.etcd.snapshots.settled import read_settled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sloth_tui.store.etcd.client.messages import KeyValue, RangeAnswer
    from sloth_tui.store.etcd.data.records import Kept
    from sloth_tui.store.etcd.session import Session

_BATCH_KEYS, _BATCH_BYTES = 1000, 256 * 1024
"""Most keys, and bytes of them, that one request asks for by name."""
_PAGE_NAMES = 100_000
"""Most names in one answer: a few megabytes."""
_PAGE_KEYS = 500
_PAGE_BYTES = 4 * 1024 * 1024
"""Bytes of a page above which the next one has fewer keys."""


def batches(keys: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Yield the keys in parts that one request can ask for."""
    first = size = 0
    for at, key in enumerate(keys):
        if at - first == _BATCH_KEYS or size + len(key) > _BATCH_BYTES:
            yield keys[first:at]
            first, size = at, 0
        size += len(key)
    if first < len(keys):
        yield keys[first:]


def find(session: Session, keys: Sequence[bytes]) -> dict[bytes, Kept | None]:
    """Return these entries, all as they are at one moment; None for an absent one."""
    while True:
        found: dict[bytes, Kept | None] = {}
        revision = 0
        try:
            for batch in batches(keys):
                if revision:
                    found.update(find_at(session, batch, revision))
                else:
                    reading = read_settled(session, *(Range(session.layout.entry(key)) for key in batch))
                    revision = reading.revision
                    found.update(_entries(batch, reading.answers[1:]))
        except Failed as failed:
            if failed.kind != COMPACTED:
                raise
        else:
            return found


def find_one(session: Session, key: bytes) -> Kept | None:
    """Return this entry as it is now; None for an absent one."""
    found = read_settled(session, Range(session.layout.entry(key))).answers[1].kvs
    return decode_kept(found[0]) if found else None


def find_at(session: Session, keys: Sequence[bytes], revision: int) -> dict[bytes, Kept | None]:
    """Return these entries as they were at a revision of the server. Raises Failed if it was compacted."""
    found: dict[bytes, Kept | None] = {}
    for batch in batches(keys):
        answers = session.read(*(Range(session.layout.entry(key), revision=revision) for key in batch))
        found.update(_entries(batch, answers))
    return found


def _entries(keys: Sequence[bytes], answers: Sequence[RangeAnswer]) -> Iterator[tuple[bytes, Kept | None]]:
    for key, answer in zip(keys, answers, strict=True):
        yield key, decode_kept(answer.kvs[0]) if answer.kvs else None


def names_between(
    session: Session, first: bytes, end: bytes, revision: int = 0, *, many: bool = False
) -> Iterator[bytes]:
    """Yield the names on the server from ``first`` up to, not including, ``end``, at a revision of the server
    (0: each page at the present). Raises Failed if that was compacted. ``many``: they are known to be.

    But for the first answer, each has many of them: the server walks to the far end for every one."""
    while True:
        size = _PAGE_NAMES if many else _BATCH_KEYS
        found = session.range(Range(first, end, size, revision, keys_only=True, many=many))
        for kv in found.kvs:
            yield kv.key
        if found.count <= len(found.kvs):
            return
        first, many = found.kvs[-1].key + b"\0", True


def _keys_between(session: Session, low: bytes, high: bytes | None, revision: int) -> list[bytes]:
    """Return the keys from ``low`` up to, not including, ``high`` (None: no end), at a revision of the
    server."""
    skip = len(session.layout.entries)
    return [
        name[skip:]
        for name in names_between(session, *session.layout.entries_between(low, high), revision, many=True)
    ]


def entries_between(
    session: Session, low: bytes, high: bytes | None, revision: int = 0, *, fixed: bool = False
) -> Iterator[tuple[bytes, Kept]]:
    """Return an iterator over keys and entries as they are now, or were at a revision of the server, whatever
    is written while it is read.

    If the server forgets that moment meanwhile, because it was compacted, the rest is read as it is then; if
    it is ``fixed``, the iterator raises Failed."""
    first, end = session.layout.entries_between(low, high)
    while True:
        try:
            if revision:
                answer = session.range(Range(first, end, _PAGE_KEYS, revision))
            else:
                reading = read_settled(session, Range(first, end, _PAGE_KEYS))
                answer, revision = reading.answers[1], reading.revision
            rest: list[bytes] = []
            if answer.count > len(answer.kvs):
                skip = len(session.layout.entries)
                last = answer.kvs[-1].key[skip:]
                rest = _keys_between(session, last + b"\0", high, revision)
        except Failed as failed:
            if failed.kind != COMPACTED or fixed:
                raise
            revision = 0
        else:
            return _pages(session, answer.kvs, rest, high, revision, fixed=fixed)


def _pages(
    session: Session,
    page: list[KeyValue],
    rest: list[bytes],
    high: bytes | None,
    revision: int,
    *,
    fixed: bool,
) -> Iterator[tuple[bytes, Kept]]:
    skip = len(session.layout.entries)
    size, at = _PAGE_KEYS, 0
    while True:
        for found in page:
            yield found.key[skip:], decode_kept(found)
        if at >= len(rest):
            return
        taken = sum(len(found.value) for found in page) or 1
        size = max(1, min(_PAGE_KEYS, len(page) * _PAGE_BYTES // taken))
        until = rest[at + size] if at + size < len(rest) else high
        first, end = session.layout.entries_between(rest[at], until)
        try:
            page = session.range(Range(first, end, revision=revision, many=True)).kvs
        except Failed as failed:
            if failed.kind != COMPACTED or fixed:
                raise
            revision = 0
            page = session.range(Range(first, end)).kvs
        at += size
