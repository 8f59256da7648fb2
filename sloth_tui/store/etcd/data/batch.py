"""What one commit puts where: the records, the entries and their revisions."""

from __future__ import annotations

from collections import namedtuple

from sloth_tui.store.etcd.client.messages import Delete, Put, after
from sloth_tui.store.etcd.data.records import INLINE_BYTES, Kept, encode_kept, encode_record, replaced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import TypeAlias

    from sloth_tui.store.etcd.client.messages import Operation
    from sloth_tui.store.etcd.data.layout import Layout

    Found: TypeAlias = Mapping[bytes, Kept | None]


class Write(namedtuple("Write", ("key", "kind", "stored", "deadline", "touches"), defaults=(0, False))):
    """One change of one key."""

    __slots__ = ()

    key: bytes
    kind: str
    stored: bytes | None
    """The stored form of the new value; None: delete the entry."""
    deadline: int
    """When the entry ends; 0: never."""
    touches: bool
    """True if only the deadline changes, which is no revision."""


class Item(
    namedtuple("Item", ("revision", "key", "record", "entry", "spare_blob", "ended", "ends"), defaults=(0, 0))
):
    """One change of one key as it is kept."""

    __slots__ = ()

    revision: int
    """0 for a change that is no revision, and has no record."""
    key: bytes
    record: bytes
    entry: bytes | None
    """None: the entry is deleted."""
    spare_blob: bytes | None
    """A blob that nothing refers to any more."""
    ended: int
    """The deadline that it had, and has no longer; 0 for none."""
    ends: int
    """The deadline that it has; 0 for none."""

    @property
    def size(self) -> int:
        return len(self.record) + len(self.entry or b"") + 3 * len(self.key)


class Stamp(namedtuple("Stamp", ("at", "change", "nonce"))):
    """What all changes of one commit have in common."""

    __slots__ = ()

    at: int
    """Unix milliseconds."""
    change: int
    nonce: bytes


def entry_after(
    write: Write, before: Kept | None, revision: int, stamp: Stamp, blob: bytes | None
) -> Kept | None:
    """Return the entry that a write leaves."""
    if write.touches:
        return before and before._replace(deadline=write.deadline)
    if write.stored is None:
        return None
    stored = write.stored if blob is None else b""
    created = before.created if before else stamp.at
    return Kept(
        write.kind, stored, created, stamp.at, revision, stamp.change, len(write.stored), blob, write.deadline
    )


def items_of(
    writes: Iterable[Write],
    found: Found,
    first: int,
    stamp: Stamp,
    *,
    blob_of: Callable[[int, bytes], bytes | None],
    is_secret: Callable[[bytes], bool],
) -> tuple[list[Item], dict[bytes, Kept | None]]:
    """Return the items of a commit whose first revision is ``first``, and the entries that it leaves.
    ``blob_of`` names the blob of a stored form that is too large, given the place of its write among them."""
    items: list[Item] = []
    entries: dict[bytes, Kept | None] = {}
    revision = first - 1
    for write in writes:
        before = entries[write.key] if write.key in entries else found.get(write.key)
        ended = 0 if before is None else before.deadline
        if write.touches:
            kept = entries[write.key] = entry_after(write, before, revision, stamp, None)
            if kept is not None:
                items.append(Item(0, write.key, b"", encode_kept(kept), None, ended, kept.deadline))
            continue
        revision += 1
        blob = None
        if write.stored is not None and len(write.stored) > INLINE_BYTES:
            blob = blob_of(revision - first, write.stored)
        secret = is_secret(write.key)
        kept = entries[write.key] = entry_after(write, before, revision, stamp, blob)
        record = replaced(
            revision,
            write.key,
            before,
            delete=kept is None,
            at=stamp.at,
            change=stamp.change,
            nonce=stamp.nonce,
            secret=secret,
        )
        spare = before.blob if secret and before else None
        items.append(
            Item(
                revision,
                write.key,
                encode_record(record),
                None if kept is None else encode_kept(kept),
                spare,
                ended,
                0 if kept is None else kept.deadline,
            )
        )
    return items, entries


def operations_of(layout: Layout, items: Sequence[Item]) -> list[Operation]:
    """Return what puts these items in place; of a key that is written twice only the last entry, because one
    request must not name a key twice."""
    operations: dict[bytes, Operation] = {}
    for item in items:
        if item.revision:
            for put in (
                Put(layout.record(item.revision), item.record),
                Put(layout.chain(item.key, item.revision), b""),
            ):
                operations[put.key] = put
        for deadline, end in ((item.ended, True), (item.ends, False)):
            if deadline:
                mark = layout.ttl(deadline, item.key)
                operations[mark] = Delete(mark) if end else Put(mark, b"")
        name = layout.entry(item.key)
        operations[name] = Delete(name) if item.entry is None else Put(name, item.entry)
        if item.spare_blob is not None:
            first = layout.blobs + item.spare_blob + b"/"
            operations[first] = Delete(first, after(first))
    return list(operations.values())
