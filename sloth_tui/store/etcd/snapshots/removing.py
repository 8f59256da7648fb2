"""Remove a whole store, in small steps.

To delete a million names at once holds the server up until it no longer answers. So a store of many names is
removed like a commit that is too large for one request: what is to be deleted is staged as ranges of a few
names each, then one change of the head makes it true, and then the ranges are deleted one by one, the head in
the last step. Whoever meets such a head goes on with it."""

from __future__ import annotations

import os
from functools import partial

from sloth_tui.store.etcd.client.messages import Compare, Delete, Put, Range, Txn, after
from sloth_tui.store.etcd.data.head import Pending, encode_head, head_of
from sloth_tui.store.etcd.snapshots import begun, staging, walking

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sloth_tui.store.etcd.client.messages import Operation
    from sloth_tui.store.etcd.data.head import Head
    from sloth_tui.store.etcd.session import Session

    Progress = Callable[[int, int], object]

_AT_ONCE = 1000
"""Names deleted by one request."""
_STAGED_AT_ONCE = 100


def remove(
    session: Session, head: Head, progress: Progress | None = None, *, keep_agent: bool = False
) -> bool:
    """Remove the store with this head; return False if its head is another one by now, and nothing was done.
    ``keep_agent``: leave an empty store and its locks."""
    layout = session.layout
    size = session.range(Range(layout.base, after(layout.base), count_only=True)).count
    if size <= _AT_ONCE:
        then = staging.last_of_removal(layout, keep_agent=keep_agent)
        # A request that was not answered in time was sent twice.
        return _change(session, head, then) or _is_gone(session, head)
    note = begun.begin(session, os.urandom(6).hex().encode())
    name = note.key[len(layout.begun) :]
    pending = Pending(name, head.revision, _stage(session, name, keep_agent=keep_agent), 0)
    then = [Put(layout.head, encode_head(head._replace(pending=pending))), Delete(note.key)]
    if not _change(session, head, then, note.stands) and begun.exists(session, note):
        staging.discard(session, note)
        return False
    while True:
        found = head_of(session.range(Range(layout.head)), session.location)
        if found.pending is None or found.pending.commit != name:
            return True
        if progress is not None:
            progress(found.pending.done, pending.steps)
        staging.step_forward(session, found.pending)


def _change(session: Session, head: Head, then: Sequence[Operation], *conditions: Compare) -> bool:
    """Do what removes a store if its head is still this one, and nobody is in a transaction."""
    layout = session.layout
    compares = [Compare(layout.head, "mod", head.mod), Compare(layout.gate, "create", 0), *conditions]
    request = Txn(compares, then)
    return bool(session.patiently(partial(session.channel.txn, request), writing=True).succeeded)


def _is_gone(session: Session, head: Head) -> bool:
    """Return True if there is no store, or another one that somebody has begun since."""
    found = session.range(Range(session.layout.head))
    return all(kv.create > head.mod for kv in found.kvs) or not head_of(found, session.location).revision


def _stage(session: Session, commit: bytes, *, keep_agent: bool) -> int:
    """Stage what deletes all but a few names; return the number of steps."""
    layout = session.layout
    steps = 0
    puts: list[Operation] = []
    for value in (
        *_ranges(session, keep_agent=keep_agent),
        staging.encode_last_of_removal(keep_agent=keep_agent),
    ):
        puts.append(Put(layout.stage(commit, steps), value))
        steps += 1
        if len(puts) == _STAGED_AT_ONCE:
            session.patiently(partial(session.channel.txn, Txn((), puts)), writing=True)
            puts = []
    session.patiently(partial(session.channel.txn, Txn((), puts)), writing=True)
    return steps


def _ranges(session: Session, *, keep_agent: bool) -> Iterator[bytes]:
    """Yield steps that each delete a range of few names."""
    layout = session.layout
    for kind in (*staging.kinds_of_many(layout), *(() if keep_agent else (layout.uses,))):
        first = kind
        for number, name in enumerate(walking.names_between(session, kind, after(kind)), 1):
            if number % _AT_ONCE == 0:
                yield staging.encode_removal(layout, first, name)
                first = name
        yield staging.encode_removal(layout, first, after(kind))
