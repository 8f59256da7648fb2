"""Overviews of a whole store. Loaded on first use."""

from __future__ import annotations

from heapq import nsmallest

from sloth_tui.errors import DatabaseUnusable
from sloth_tui.model import KeyGroup, RankedEntry
from sloth_tui.store.etcd.client.messages import Range, after
from sloth_tui.store.etcd.commits.expiring import overdue
from sloth_tui.store.etcd.data.head import head_of
from sloth_tui.store.etcd.data.layout import number_at_end
from sloth_tui.store.etcd.data.records import decode_kept, decode_record, seconds
from sloth_tui.store.etcd.snapshots import walking
from sloth_tui.store.etcd.snapshots.settled import read_settled
from sloth_tui.values.codec import decode_key, first_segment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sloth_tui.store.etcd.data.records import Kept
    from sloth_tui.store.etcd.session import Session

_RANKS: dict[str, Callable[[tuple[bytes, Kept]], tuple[int, bytes]]] = {
    "largest": lambda found: (-found[1].size, found[0]),
    "newest": lambda found: (-found[1].updated, found[0]),
    "oldest": lambda found: (found[1].updated, found[0]),
}
_PROBLEMS = 100
"""Most defects that are listed."""


def groups(session: Session) -> Iterator[KeyGroup]:
    """See the port."""
    prefix, count = "", 0
    gone = frozenset(overdue(session, session.now())[0])
    for key in walking.keys_between(session, b"", None):
        if key in gone:
            continue
        text = decode_key(key)
        segment = first_segment(text)
        if segment == prefix:
            count += 1
            continue
        if count:
            yield KeyGroup(prefix, count)
        prefix, count = (segment, 1) if segment[-1:] in (":", "/") else ("", 0)
    if count:
        yield KeyGroup(prefix, count)


def top_entries(session: Session, order: str, limit: int) -> list[RankedEntry]:
    """See the port."""
    now = session.now()
    live = (each for each in walking.entries_between(session, b"", None) if not each[1].is_over(now))
    found = nsmallest(limit, live, key=_RANKS[order])
    return [RankedEntry(decode_key(key), kept.size, seconds(kept.updated)) for key, kept in found]


def problems(session: Session) -> list[str]:
    """Return what contradicts itself: an entry whose revision is newer than the head or not its own, a record
    that cannot be read; and the alarms of the server."""
    layout = session.layout
    reading = read_settled(session)
    newest = head_of(reading.answers[0], session.location).revision
    found = [f"server: {alarm}" for alarm in session.patiently(session.channel.status).errors]
    skip = len(layout.entries)
    first, end = layout.entries_between(b"", None)
    for kept in session.range(Range(first, end, revision=reading.revision)).kvs:
        key = decode_key(kept.key[skip:])
        try:
            entry = decode_kept(kept)
        except DatabaseUnusable:
            found.append(f"entry '{key}': not written by this program")
            continue
        if entry.revision > newest:
            found.append(f"entry '{key}': revision {entry.revision}, but the newest is {newest}")
    for kept in session.range(Range(layout.records, after(layout.records), revision=reading.revision)).kvs:
        try:
            revision = number_at_end(kept.key)
            decode_record(revision, kept.value)
        except DatabaseUnusable as error:
            found.append(str(error))
            continue
        if revision > newest:
            found.append(f"revision {revision}: newer than the newest, {newest}")
    return found[:_PROBLEMS]
