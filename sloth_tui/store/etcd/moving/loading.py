"""Fill an empty store from a stream of parts.

It is a commit like any other that is too large for one request: all of it is staged, where nobody looks, then
one change of the head makes it true, and then it is put in place. Whoever loads a store has its turn
meanwhile, a key under a lease: what a predecessor staged who gave up is removed by the next one."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from functools import partial
from time import monotonic, sleep

from sloth_tui.errors import Conflict, SlothError
from sloth_tui.store.etcd.client.failures import Failed
from sloth_tui.store.etcd.client.messages import Compare, Delete, Put, Range, Txn, after
from sloth_tui.store.etcd.commits import looking
from sloth_tui.store.etcd.data.head import Pending, encode_head, head_of
from sloth_tui.store.etcd.data.records import FORMAT
from sloth_tui.store.etcd.moving.filling import Loading
from sloth_tui.store.etcd.snapshots import staging
from sloth_tui.store.etcd.snapshots.removing import remove
from sloth_tui.store.etcd.snapshots.settled import read_settled
from sloth_tui.store.parts import reported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sloth_tui.store.etcd.data.head import Head
    from sloth_tui.store.etcd.session import Session
    from sloth_tui.store.parts import Part

    Progress = Callable[[int, int], object]

TURN_SECONDS = 10
"""How long a store stays closed to others who would load it after its loader died."""
_WAIT_SECONDS = TURN_SECONDS + 5
_LOOK_EVERY_SECONDS = 0.1
_REVOKE_SECONDS = 1.0
_MARK = b"load-"
"""Names of commits and of blobs that load a store begin so; those of other commits are hexadecimal."""


def load(session: Session, parts: Iterable[Part], progress: Progress | None) -> None:
    """See :class:`sloth_tui.store.port.Moving`."""
    session.require_writable()
    with _turn(session) as turn:
        before = _require_empty(session)
        name = _MARK + os.urandom(6).hex().encode()
        loading = Loading(session, name, _MARK)
        try:
            loading.stage(reported(parts, None if progress is None else _half(progress)))
            head = _make_true(session, before, loading, turn)
        except BaseException:
            with suppress(SlothError):
                _remove_staged(session)
            raise
        try:
            _put_in_place(session, head, progress)
        except BaseException:
            with suppress(SlothError):
                _take_back(session, before, loading)
            raise


def _half(progress: Progress) -> Progress:
    """Staging is the first half of the work."""
    return lambda done, total: progress(done, 2 * total)


@contextmanager
def _turn(session: Session) -> Iterator[int]:
    """Have the turn to load the store during a ``with`` block; yields the create revision of its key. Raises
    Conflict if another process has it for too long."""
    lease = session.patiently(partial(session.channel.grant, TURN_SECONDS), writing=True).lease
    session.keeper.keep(lease)
    try:
        yield _take_turn(session, lease)
    finally:
        session.keeper.drop(lease)
        with suppress(Failed):
            session.channel.revoke(lease, _REVOKE_SECONDS)


def _take_turn(session: Session, lease: int) -> int:
    key = session.layout.turn
    request = Txn([Compare(key, "create", 0)], [Put(key, b"", lease)])
    began = monotonic()
    while True:
        session.patiently(partial(session.channel.txn, request), writing=True)
        found = session.range(Range(key)).kvs
        if found and found[0].lease == lease:
            return int(found[0].create)
        if monotonic() - began > _WAIT_SECONDS:
            raise Conflict(
                f"{session.location}: another process is filling the store of agent '{session.agent}'",
                hint="wait until it is done",
            )
        sleep(_LOOK_EVERY_SECONDS)


def _require_empty(session: Session) -> Head:
    """Remove what an earlier attempt left; return the head. Raises Conflict if the store is not empty."""
    layout = session.layout
    entries = layout.entries_between(b"", None)
    reading = read_settled(session, Range(*entries, limit=1, keys_only=True))
    head = head_of(reading.answers[0], session.location)
    _delete(session, _staged_of(session)[0])
    if head.revision or head.change or head.secrets or reading.answers[1].kvs:
        raise Conflict(
            f"{session.location}: agent '{session.agent}' has state already", hint="nothing was written"
        )
    _remove_staged(session)
    return head


def _make_true(session: Session, before: Head, loading: Loading, turn: int) -> Head:
    layout = session.layout
    pending = Pending(loading.name, 0, loading.steps, 0) if loading.steps else None
    head = loading.head._replace(pending=pending)
    request = Txn(
        [
            Compare(layout.head, "mod", before.mod),
            Compare(layout.turn, "create", turn),
            *looking.guards(session, None),
        ],
        [
            Put(layout.head, encode_head(head)),
            Put(layout.mark, b"%d %d\n" % (FORMAT, session.now())),
            Delete(layout.turn),
        ],
    )
    done = session.patiently(partial(session.channel.txn, request), writing=True).succeeded
    now, staged = session.read(
        Range(layout.head), Range(*_staged_by(session, loading.name), limit=1, keys_only=True)
    )
    found = head_of(now, session.location)
    # Without an answer the request may have been sent twice, and somebody may have put all in place since.
    ours = found.pending is not None and found.pending.commit == loading.name
    if not done and not ours and (staged.kvs or not loading.steps):
        looking.check_fences(session)
        raise Conflict(
            f"{session.location}: agent '{session.agent}' was written to meanwhile", hint="nothing was copied"
        )
    return found


def _put_in_place(session: Session, head: Head, progress: Progress | None) -> None:
    pending = head.pending
    while pending is not None:
        if progress is not None:
            progress(pending.steps + pending.done, 2 * pending.steps)
        pending = staging.step_forward(session, pending).pending
    if progress is not None:
        progress(1, 1)


def _take_back(session: Session, before: Head, loading: Loading) -> None:
    """Empty the store again, unless others have written to it."""
    while True:
        found = head_of(session.range(Range(session.layout.head)), session.location)
        if found._replace(mod=0, pending=None) != loading.head:
            return
        if remove(session, found, keep_agent=bool(before.mod)):
            return
        sleep(_LOOK_EVERY_SECONDS)  # others put it in place, or wait for it in a transaction


def _staged_of(session: Session) -> list[bytes]:
    """Return what the names begin with of what loading leaves behind: its stages, and its blobs."""
    return [session.layout.stages + _MARK, session.layout.blobs + _MARK]


def _staged_by(session: Session, name: bytes) -> tuple[bytes, bytes]:
    first = session.layout.stages + name + b"/"
    return first, after(first)


def _remove_staged(session: Session) -> None:
    _delete(session, *_staged_of(session))


def _delete(session: Session, *prefixes: bytes) -> None:
    request = Txn((), [Delete(prefix, after(prefix)) for prefix in prefixes])
    session.patiently(partial(session.channel.txn, request), writing=True)
