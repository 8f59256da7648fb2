"""The gate: at most one writer at a time is inside, and every commit of others compares that nobody is.

A ``with`` block of writes cannot be run again after a lost comparison, so it passes the gate when it begins.
So does a plain write that lost the comparison several times. Who comes first goes first: everybody draws a
ticket, and the oldest one is next. Without tickets, plain writes starve."""

from __future__ import annotations

import contextlib
from functools import partial
from time import monotonic, sleep

from sloth_tui.errors import DatabaseUnusable
from sloth_tui.store.etcd.client.failures import Failed
from sloth_tui.store.etcd.client.messages import Compare, Delete, Put, Range, Txn, after
from sloth_tui.store.etcd.data.overlay import Passage
from sloth_tui.store.process import host_name, is_alive, start_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sloth_tui.store.etcd.client.messages import KeyValue
    from sloth_tui.store.etcd.session import Session

LEASE_SECONDS = 10
"""How long the gate stays shut after its holder died."""
_LATE_SECONDS = 3
"""How much later than its time a lease may end."""
_LOOK_EVERY_SECONDS = 0.003
_LOOK_SLOWLY_SECONDS = 0.03
_SOON_SECONDS = 0.2
_REVOKE_SECONDS = 1.0


def enter(session: Session) -> Passage:
    """Wait for the gate, and hold it until :func:`leave` or a commit that deletes it. Raises DatabaseUnusable
    if others hold it for too long."""
    session.require_writable()
    layout = session.layout
    granted = session.patiently(partial(session.channel.grant, LEASE_SECONDS), writing=True)
    lease = granted.lease
    try:
        answer = session.patiently(partial(session.channel.txn, _try(session, lease)), writing=True)
        if not answer.succeeded:
            session.keeper.keep(lease)
            _await_turn(session, lease)
        found = session.range(Range(layout.gate)).kvs
        if not found or found[0].lease != lease:
            raise _lost(session)
    except BaseException:
        _give_back(session, lease)
        raise
    session.keeper.keep(lease)
    return Passage(lease, found[0].create)


@contextlib.contextmanager
def held(session: Session) -> Iterator[Passage]:
    """Hold the gate during a ``with`` block."""
    passage = enter(session)
    try:
        yield passage
    finally:
        leave(session, passage)


def leave(session: Session, passage: Passage) -> None:
    """Let the next writer in."""
    _give_back(session, passage.lease)


def _try(session: Session, lease: int) -> Txn:
    """Return the request that takes the gate if it is free and nobody waits, and a ticket otherwise."""
    layout, who = session.layout, _who(session)
    return Txn(
        [
            Compare(layout.gate, "create", 0),
            Compare(layout.queue, "create", 0, after(layout.queue)),
        ],
        [Put(layout.gate, who, lease)],
        [Put(layout.ticket(lease), who, lease)],
    )


def _await_turn(session: Session, lease: int) -> None:
    """Wait until no older ticket is left and the gate is free; take it."""
    layout = session.layout
    mine = layout.ticket(lease)
    # A holder that died elsewhere keeps the gate shut until its lease ends.
    patience = max(session.patience, LEASE_SECONDS + _LATE_SECONDS)
    ahead: tuple[KeyValue, ...] = ()
    began = since = monotonic()
    while True:
        gate, queue = session.read(Range(layout.gate), Range(layout.queue, after(layout.queue)))
        tickets = sorted(queue.kvs, key=lambda ticket: ticket.create)
        if gate.kvs and gate.kvs[0].lease == lease:
            return  # an earlier request, whose answer was lost
        if tickets and tickets[0].key == mine and not gate.kvs:
            request = Txn(
                [Compare(layout.gate, "create", 0), Compare(mine, "create", tickets[0].create)],
                [Put(layout.gate, _who(session), lease), Delete(mine)],
            )
            answer = session.patiently(partial(session.channel.txn, request), writing=True)
            if answer.succeeded:
                return
        if all(ticket.key != mine for ticket in tickets):
            raise _lost(session)
        now = monotonic()
        before = (*gate.kvs, *tickets[:1])
        if before != ahead:
            ahead, since = before, now
        elif now - since > _SOON_SECONDS and _remove_dead(session, ahead):
            continue
        if now - since > patience:
            raise DatabaseUnusable(
                f"{session.location}: busy for {patience:g} s",
                hint="another process keeps it locked; try again later",
            )
        # Tickets, not haste, decide whose turn it is; so looking now and then is enough.
        sleep(_LOOK_EVERY_SECONDS if now - began < _SOON_SECONDS else _LOOK_SLOWLY_SECONDS)


def _who(session: Session) -> bytes:
    """Return what tells the others of this host that this process has ended."""
    import json
    import os

    pid = os.getpid()
    # The fields of Owner, without the types of the model, which take long to load.
    return json.dumps([host_name(), pid, start_time(pid) or 0, session.clock.boot_id]).encode()


def _remove_dead(session: Session, ahead: Sequence[KeyValue]) -> bool:
    """Remove the gate, or a ticket, of a process of this host that has ended; return True if there was
    one."""
    for found in ahead:
        if _has_ended(session, found):
            request = Txn([Compare(found.key, "create", found.create)], [Delete(found.key)])
            session.patiently(partial(session.channel.txn, request), writing=True)
            return True
    return False


def _has_ended(session: Session, found: KeyValue) -> bool:
    import json

    from sloth_tui.model import Owner

    try:
        owner = Owner(*json.loads(found.value))
    except (ValueError, TypeError):
        return False  # its lease will tell
    return is_alive(owner, session.clock.boot_id) is False


def _lost(session: Session) -> DatabaseUnusable:
    return DatabaseUnusable(f"{session.location}: the turn to write was lost", hint="try again")


def _give_back(session: Session, lease: int) -> None:
    """Revoke the lease, which deletes the gate or the ticket; if that fails it runs out."""
    session.keeper.drop(lease)
    try:
        session.channel.revoke(lease, _REVOKE_SECONDS)
    except Failed:
        return
