"""Forget history on request: list the revisions, then forget them in small steps.

They are forgotten in their order: wherever the work is interrupted, each key has lost its oldest revisions
first.
"""

from __future__ import annotations

from itertools import groupby

from sloth_tui.store.etcd.client.messages import after
from sloth_tui.store.etcd.data.layout import number_at_end
from sloth_tui.store.etcd.snapshots.begun import remove_abandoned
from sloth_tui.store.etcd.upkeep.forgetting import STEP, forget, forget_changes, forgotten_keys, note_gone
from sloth_tui.store.etcd.upkeep.moment import at_one_moment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sloth_tui.store.etcd.session import Session
    from sloth_tui.store.etcd.upkeep.moment import Moment

    Progress = Callable[[int, int], None]
    """Called with (revisions forgotten, total)."""

_DAY_MS = 86400 * 1000


def prune(session: Session, keep: int, keep_deleted_days: float) -> int:
    """Forget all revisions beyond these limits; return the number forgotten."""
    gone = long_ago(session, keep_deleted_days)
    return _forget_all(session, lambda moment: _dispensable(moment, keep, None, gone), gone, None)


def compact(session: Session, keep: int, upto: int | None, progress: Progress | None) -> int:
    """Forget all but the newest ``keep`` revisions of each key, up to revision ``upto``; return the
    number."""
    before = long_ago(session, session.settings.keep_deleted_days)
    return _forget_all(session, lambda moment: _dispensable(moment, keep, upto, None), before, progress)


def long_ago(session: Session, days: float) -> int:
    """Return the time ``days`` before now, in unix milliseconds."""
    return session.now() - int(days * _DAY_MS)


def _forget_all(
    session: Session,
    listing: Callable[[Moment], tuple[list[int], set[bytes]]],
    changes_before: int,
    progress: Progress | None,
) -> int:
    dispensable, kept = at_one_moment(session, listing)
    forgotten = 0
    if not session.read_only:
        remove_abandoned(session)
    if dispensable:
        session.require_writable()
    for first in range(0, len(dispensable), STEP):
        batch = dispensable[first : first + STEP]
        forgotten += forget(session, batch)
        if progress is not None:
            progress(first + len(batch), len(dispensable))
    if dispensable:
        note_gone(session, [key for key in forgotten_keys(session) if key not in kept])
        last: int | None = 0
        while last is not None:
            last = forget_changes(session, last, here=changes_before, elsewhere=changes_before)
    if not session.read_only:
        remove_abandoned(session)
    return forgotten


def _dispensable(
    moment: Moment, keep: int, upto: int | None, gone: int | None
) -> tuple[list[int], set[bytes]]:
    """Return the revisions to forget, and the keys of which one is kept. ``gone``: what was deleted before
    that time is forgotten too."""
    newest = moment.head.revision
    deleted = set() if gone is None else _deleted_before(moment, gone)
    wanted: list[int] = []
    kept: set[bytes] = set()
    for key, revisions in _chains(moment):
        is_gone = key in deleted
        beyond = revisions if is_gone else revisions[: max(0, len(revisions) - keep)]
        spare = [
            revision
            for revision in beyond
            if revision < newest and (upto is None or revision <= upto or is_gone)
        ]
        wanted += spare
        if len(spare) < len(revisions):
            kept.add(key)
    return sorted(wanted), kept


def _chains(moment: Moment) -> Iterator[tuple[bytes, list[int]]]:
    """Yield each key that has revisions, in order, and their numbers."""
    layout = moment.session.layout
    names = moment.names(layout.chains, after(layout.chains))
    for key, found in groupby(names, layout.key_of_chain):
        yield key, [number_at_end(name) for name in found]


def _deleted_before(moment: Moment, before: int) -> set[bytes]:
    """Return the keys that were deleted before a time and never set again, but for the key changed last."""
    layout = moment.session.layout
    skip = len(layout.entries)
    live = (name[skip:] for name in moment.names(layout.entries, after(layout.entries)))
    there = next(live, None)
    last: list[int] = []
    for key, revisions in _chains(moment):
        while there is not None and there < key:
            there = next(live, None)
        if there != key and revisions[-1] < moment.head.revision:
            last.append(revisions[-1])
    return {
        record.key for record in moment.records(last) if record.operation == "delete" and record.at < before
    }
