"""The gate: at most one writer at a time is inside, and every commit of others compares that nobody is.

A ``with`` block of writes cannot be run again after a lost comparison, so it passes the gate when it begins. So does a
plain write that lost the comparison several times. Who comes first goes first: everybody draws a ticket, and the
oldest one is next. Without tickets, plain writes starve.
"""

from __future__ import annotations

import contextlib
from collections import namedtuple
from functools import partial
from time import monotonic, sleep

from sloth_tui.errors import DatabaseUnusable
from sloth_tui.store.etcd.failures import Failed
from sloth_tui.store.etcd.messages import Compare, Delete, Put, Range, Txn, after

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.store.etcd.session import Session

LEASE_SECONDS = 10
"""How long the gate stays shut after its holder died."""
_LOOK_EVERY_SECONDS = 0.003
_LOOK_SLOWLY_SECONDS = 0.03
_SOON_SECONDS = 0.2
_REVOKE_SECONDS = 1.0


class Passage(namedtuple("Passage", ("lease", "create"))):
    """The gate, held by this handle."""

    __slots__ = ()

    lease: int
    create: int
    """The create revision of the gate's key: what the holder's own commits compare."""


def enter(session: Session) -> Passage:
    """Wait for the gate, and hold it until :func:`leave` or a commit that deletes it. Raises DatabaseUnusable if
    others hold it for too long."""
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
            raise DatabaseUnusable(f"{session.location}: the turn to write was lost", hint="try again")
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
    layout = session.layout
    return Txn(
        [
            Compare(layout.gate, "create", 0),
            Compare(layout.queue, "create", 0, after(layout.queue)),
        ],
        [Put(layout.gate, b"", lease)],
        [Put(layout.ticket(lease), b"", lease)],
    )


def _await_turn(session: Session, lease: int) -> None:
    """Wait until no older ticket is left and the gate is free; take it."""
    layout = session.layout
    mine = layout.ticket(lease)
    began = monotonic()
    while True:
        gate, queue = session.read(
            Range(layout.gate), Range(layout.queue, after(layout.queue), keys_only=True)
        )
        oldest = min(queue.kvs, key=lambda ticket: ticket.create, default=None)
        if gate.kvs and gate.kvs[0].lease == lease:
            return  # an earlier request, whose answer was lost
        if oldest is not None and oldest.key == mine and not gate.kvs:
            request = Txn(
                [Compare(layout.gate, "create", 0), Compare(mine, "create", oldest.create)],
                [Put(layout.gate, b"", lease), Delete(mine)],
            )
            answer = session.patiently(partial(session.channel.txn, request), writing=True)
            if answer.succeeded:
                return
        waited = monotonic() - began
        if waited > session.patience:
            raise DatabaseUnusable(
                f"{session.location}: busy for {session.patience:g} s",
                hint="another process keeps it locked; try again later",
            )
        # Tickets, not haste, decide whose turn it is; so looking now and then is enough.
        sleep(_LOOK_EVERY_SECONDS if waited < _SOON_SECONDS else _LOOK_SLOWLY_SECONDS)


def _give_back(session: Session, lease: int) -> None:
    """Revoke the lease, which deletes the gate or the ticket; if that fails it runs out."""
    session.keeper.drop(lease)
    try:
        session.channel.revoke(lease, _REVOKE_SECONDS)
    except Failed:
        return
