"""Read a whole store as a stream of parts, all as of one moment."""

from __future__ import annotations

from contextlib import contextmanager

from sloth_tui.store.etcd.client.failures import COMPACTED, Failed
from sloth_tui.store.etcd.client.messages import Range, after
from sloth_tui.store.etcd.data.layout import OTHERS, number_at_end
from sloth_tui.store.etcd.data.records import ABSENT, HIDDEN, decode_change, numbers
from sloth_tui.store.etcd.snapshots import blobs
from sloth_tui.store.etcd.upkeep.forgetting import horizon_of, size_of
from sloth_tui.store.etcd.upkeep.moment import Moment, Selection
from sloth_tui.store.parts import (
    SECRET,
    ForgottenOf,
    KeptChange,
    KeptEntry,
    KeptRevision,
    MomentForgotten,
    Outline,
    SecretKey,
    SecretPattern,
)
from sloth_tui.values.codec import after_prefix, key_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.store.etcd.data.records import Kept, Record
    from sloth_tui.store.etcd.session import Session
    from sloth_tui.store.parts import EntryPart, Part

_CHANGES_PAGE = 2048


def dump(session: Session) -> Iterator[Part]:
    """See :class:`sloth_tui.store.port.Moving`. Raises MomentForgotten if the server is compacted
    meanwhile."""
    with _kept(session):
        yield from _parts(Moment(session))


def dump_entries(session: Session, prefix: str) -> Iterator[EntryPart]:
    """Like :func:`dump`."""
    with _kept(session):
        yield from _entries(Moment(session), prefix)


@contextmanager
def _kept(session: Session) -> Iterator[None]:
    try:
        yield
    except Failed as failed:
        if failed.kind != COMPACTED:
            raise
        raise MomentForgotten(
            f"{session.location}: the server was compacted while its state was read",
            hint="compact it less often: all of it must be read between two times",
        ) from None


def _parts(moment: Moment) -> Iterator[Part]:
    layout, head = moment.session.layout, moment.head
    first, end = layout.entries_between(b"", None)
    entries, records, horizon = moment.read(
        [
            Range(first, end, count_only=True),
            Range(layout.records, after(layout.records), count_only=True),
            Range(layout.horizon),
        ]
    )
    gone = horizon_of(horizon).gone
    yield Outline(entries.count, records.count, head.revision, head.change, gone)
    yield from _secrets(moment)
    for kv in moment.range(Range(layout.forgotten, after(layout.forgotten))).kvs:
        yield ForgottenOf(kv.key[len(layout.forgotten) :], numbers(kv, 1)[0])
    yield from _changes(moment)
    for key, kept in moment.walk(Selection()):
        yield _entry(moment, key, kept)
    for record in moment.records_between(1, head.revision):
        yield _revision(moment, record)


def _entries(moment: Moment, prefix: str) -> Iterator[EntryPart]:
    """Yield the entries under a prefix, and what is a secret."""
    stored = key_bytes(prefix)
    if stored is None:
        yield Outline(0, 0, moment.head.revision, moment.head.change, 0)
        return
    first, end = moment.session.layout.entries_between(stored, after_prefix(stored) if stored else None)
    count = moment.range(Range(first, end, count_only=True)).count
    yield Outline(count, 0, moment.head.revision, moment.head.change, 0)
    yield from _secrets(moment)
    for key, kept in moment.walk(Selection(prefix)):
        yield _entry(moment, key, kept)


def _secrets(moment: Moment) -> Iterator[SecretKey | SecretPattern]:
    layout = moment.session.layout
    for kv in moment.range(Range(layout.secrets, after(layout.secrets), keys_only=True)).kvs:
        yield SecretKey(kv.key[len(layout.secrets) :])
    for kv in moment.range(Range(layout.patterns, after(layout.patterns), keys_only=True)).kvs:
        yield SecretPattern(kv.key[len(layout.patterns) :].decode("utf-8", "surrogateescape"))


def _changes(moment: Moment) -> Iterator[Part]:
    """Yield our own change sets. Bursts of writes by other programs are found again by whoever takes them
    in."""
    layout = moment.session.layout
    for low in range(1, moment.head.change + 1, _CHANGES_PAGE):
        high = min(low + _CHANGES_PAGE, OTHERS)
        changes, sizes = moment.read(
            [Range(layout.change(low), layout.change(high)), Range(layout.size(low), layout.size(high))]
        )
        made = {number_at_end(kv.key): size_of(kv) for kv in sizes.kvs}
        for kv in changes.kvs:
            change = decode_change(number_at_end(kv.key), kv.value)
            count, last = made.get(change.number, (0, 0))
            yield KeptChange(*change[:3], count, last, change.forgotten, change.origin)


def _entry(moment: Moment, key: bytes, kept: Kept) -> KeptEntry:
    stored = kept.stored if kept.blob is None else blobs.read(moment.session, kept.blob, moment.at)
    times = kept.created or None, kept.updated or None
    return KeptEntry(
        key, kept.kind, stored, *times, kept.revision or None, _ours(kept.change), kept.deadline or None
    )


def _revision(moment: Moment, record: Record) -> KeptRevision:
    kind, stored = record.old_kind, record.old
    if record.old_blob is not None:
        stored = blobs.read(moment.session, record.old_blob, moment.at)
    return KeptRevision(
        record.revision,
        record.key,
        record.operation,
        record.at,
        _ours(record.change),
        record.old_revision or None,
        None if kind == ABSENT else SECRET if kind == HIDDEN else kind,
        stored,
        record.old_created or None,
        record.old_updated or None,
    )


def _ours(change: int) -> int | None:
    """Return the number of a change set; None for one of other programs."""
    return change if 0 < change < OTHERS else None
