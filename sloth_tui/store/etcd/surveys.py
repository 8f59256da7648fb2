"""Overviews of a whole store. Loaded on first use."""

from __future__ import annotations

from heapq import nsmallest

from sloth_tui.errors import DatabaseUnusable
from sloth_tui.model import KeyGroup, RankedEntry
from sloth_tui.store.etcd.client.messages import after
from sloth_tui.store.etcd.commits.expiring import overdue
from sloth_tui.store.etcd.data.layout import number_at_end
from sloth_tui.store.etcd.data.records import decode_kept, decode_record, seconds
from sloth_tui.store.etcd.snapshots import walking
from sloth_tui.store.etcd.upkeep.moment import at_one_moment
from sloth_tui.values.codec import decode_key, first_segment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sloth_tui.store.etcd.data.records import Kept
    from sloth_tui.store.etcd.session import Session
    from sloth_tui.store.etcd.upkeep.moment import Moment

_RANKS: dict[str, Callable[[tuple[bytes, Kept]], tuple[int, bytes]]] = {
    "largest": lambda found: (-found[1].size, found[0]),
    "newest": lambda found: (-found[1].updated, found[0]),
    "oldest": lambda found: (found[1].updated, found[0]),
}
_PROBLEMS = 100
"""Most defects that are listed."""


def groups(session: Session) -> Iterator[KeyGroup]:
    """See the port."""
    skip = len(session.layout.entries)

    def names(moment: Moment) -> list[bytes]:
        return list(moment.names(*session.layout.entries_between(b"", None)))

    prefix, count = "", 0
    gone = frozenset(overdue(session, session.now())[0])
    for name in at_one_moment(session, names):
        if name[skip:] in gone:
            continue
        text = decode_key(name[skip:])
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
    alarms = [f"server: {alarm}" for alarm in session.patiently(session.channel.status).errors]
    return [*alarms, *at_one_moment(session, _contradictions)][:_PROBLEMS]


def _contradictions(moment: Moment) -> list[str]:
    layout, newest = moment.session.layout, moment.head.revision
    found: list[str] = []
    skip = len(layout.entries)
    for kept in moment.values(*layout.entries_between(b"", None)):
        key = decode_key(kept.key[skip:])
        try:
            entry = decode_kept(kept)
        except DatabaseUnusable:
            found.append(f"entry '{key}': not written by this program")
            continue
        if entry.revision > newest:
            found.append(f"entry '{key}': revision {entry.revision}, but the newest is {newest}")
    for kept in moment.values(layout.records, after(layout.records)):
        try:
            revision = number_at_end(kept.key)
            decode_record(revision, kept.value)
        except DatabaseUnusable as error:
            found.append(str(error))
            continue
        if revision > newest:
            found.append(f"revision {revision}: newer than the newest, {newest}")
    return found
