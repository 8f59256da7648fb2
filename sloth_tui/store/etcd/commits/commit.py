"""One commit: read, decide, and write if nobody wrote meanwhile.

Everything that a commit writes is in one request to the server, which compares the head first. Whoever loses
that comparison gets what he needs for the next try in the same answer. He tries again at once: growing pauses
let a busy store starve its slower writers. After a few lost tries he goes through the gate."""

from __future__ import annotations

import os
from contextlib import ExitStack
from time import monotonic, sleep

from sloth_tui.errors import DatabaseUnusable, SlothError
from sloth_tui.origin import expiry
from sloth_tui.store.etcd.client.failures import TRY_AGAIN, UNREACHABLE, Failed, error_for
from sloth_tui.store.etcd.client.messages import Compare, Delete, Put, Range, Txn, flattened, nested
from sloth_tui.store.etcd.commits import contention, gate
from sloth_tui.store.etcd.commits.expiring import Overdue
from sloth_tui.store.etcd.commits.looking import guards, needed, require_time, take_in
from sloth_tui.store.etcd.commits.wanted import FEW_KEYS
from sloth_tui.store.etcd.data.batch import Stamp, Write, items_of, operations_of
from sloth_tui.store.etcd.data.head import Head, Pending, encode_head, head_of
from sloth_tui.store.etcd.data.layout import NUMBER
from sloth_tui.store.etcd.data.records import FORMAT, ChangeRecord, decode_record, encode_change
from sloth_tui.store.etcd.session import ATTEMPT_SECONDS
from sloth_tui.store.etcd.snapshots import begun, staging
from sloth_tui.store.etcd.snapshots.blobs import Blobs
from sloth_tui.store.etcd.upkeep import secrets
from sloth_tui.store.etcd.upkeep.retention import keep_within_limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeVar

    from sloth_tui.store.etcd.client.messages import Operation, RangeAnswer
    from sloth_tui.store.etcd.commits.wanted import Decide, Wanted
    from sloth_tui.store.etcd.data.batch import Found
    from sloth_tui.store.etcd.data.overlay import Passage, Released
    from sloth_tui.store.etcd.session import Session
    from sloth_tui.store.etcd.snapshots.begun import Note

    T = TypeVar("T")

_TRIES = 8
"""Lost comparisons after which a writer goes through the gate."""
_PAUSE_SECONDS = 0.1


def run(session: Session, wanted: Wanted, decide: Decide[T]) -> T:
    """Commit what ``decide`` says about these entries; return its result.

    Raises NotWritable, LockLost, DatabaseUnusable; then nothing was written, unless the message says that
    this is not known."""
    session.require_writable()
    if session.work is not None:
        writes, result = decide(wanted.read(session), session.work.revision + 1)
        session.work.add(writes)
        return result
    writes, result = _run(session, wanted, decide)
    if writes:
        keep_within_limits(session, [write.key for write in writes])
    return result


def expire(session: Session, passage: Passage | None = None) -> int:
    """Delete the entries that are past their time to live, in a change set of its own; return their number.
    With ``passage`` the gate, which is held, stays so. Raises NotWritable, DatabaseUnusable."""
    session.require_writable()
    fences, session.fences = session.fences, {}
    before = session.origin, session.change, session.change_size
    session.set_origin(expiry())
    overdue = Overdue(session)
    try:
        if passage is None:
            return _run(session, overdue, overdue.decide)[1]
        with Blobs(session) as blobs:
            found = overdue.read(session)
            writes, number = overdue.decide(found, 0)
            attempt(session, writes, found, (), passage, blobs, due=overdue.due, keeps_gate=True)
            return number
    finally:
        session.fences = fences
        session.origin, session.change, session.change_size = before


def _run(session: Session, wanted: Wanted, decide: Decide[T]) -> tuple[Sequence[Write], T]:
    """Return what was written, and the result."""
    passage: Passage | None = None
    tries = 0
    with ExitStack() as held, Blobs(session) as blobs:
        if session.contended_until > monotonic():
            held.enter_context(contention.turn(session.location, session.agent))
        found, fresh = wanted.known(session), False
        while True:
            if found is None:
                found, fresh = wanted.read(session), True
            if session.is_due and not isinstance(wanted, Overdue):
                expire(session, passage)
                found, fresh = wanted.read(session), True
            due = wanted.due if isinstance(wanted, Overdue) else None
            decided = _decided(session, decide, found, fresh=fresh)
            if decided is None:
                found = None
                continue
            writes, result = decided
            if writes or (due is not None and due != session.head.due):
                if attempt(session, writes, found, wanted.again(), passage, blobs, due=due):
                    return writes, result
                tries += 1
                if tries == 1 and session.contended_until <= monotonic():
                    held.enter_context(contention.turn(session.location, session.agent))
                session.contended_until = monotonic() + contention.REMEMBERED_SECONDS
                if passage is not None:
                    raise DatabaseUnusable(
                        f"{session.location}: the turn to write was lost", hint="try again"
                    )
                if tries >= _TRIES or session.gate_is_held:
                    passage = held.enter_context(gate.held(session))
            elif fresh:
                return (), result
            # What is only remembered does not prove that there is nothing to write.
            found, fresh = (wanted.known(session), True) if writes and passage is None else (None, False)


def _decided(
    session: Session, decide: Decide[T], found: Found, *, fresh: bool
) -> tuple[Sequence[Write], T] | None:
    """Return a decision; None if it is an error about what is only remembered."""
    try:
        return decide(found, session.head.revision + 1)
    except SlothError:
        if fresh:
            raise
        return None


def attempt(
    session: Session,
    writes: Sequence[Write],
    found: Found,
    again: Sequence[bytes],
    passage: Passage | None,
    blobs: Blobs,
    released: Sequence[Released] = (),
    *,
    due: int | None = None,
    keeps_gate: bool = False,
) -> bool:
    """Commit these writes if the head is still the one known; return False if it is not. Then the head and
    the entries ``again`` are known anew. With ``passage`` a commit also opens the gate, unless it
    ``keeps_gate``; the locks ``released`` are given up with it. ``due``: when the next time to live of the
    other entries is over, if that is known. Raises LockLost."""
    require_time(session)
    head = session.head
    nonce = os.urandom(6).hex().encode()
    stamp = Stamp(session.now(), session.change or head.change + 1, nonce)
    patterns = secrets.unknown_patterns(session) if session.change is None else ()
    blobs.try_again()
    items, entries = items_of(
        writes,
        found,
        head.revision + 1,
        stamp,
        blob_of=blobs.name_of,
        is_secret=secrets.test_of(session, head, patterns),
    )
    notes = [blobs.note] if blobs.note is not None else []
    if staging.is_large(items):
        notes.append(begun.begin(session, nonce))
        pending = Pending(nonce, head.revision, staging.stage(session, nonce, items), 0)
        operations: list[Operation] = []
    else:
        pending, operations = None, operations_of(session.layout, items)
    generation = head.secrets + bool(patterns)
    made = sum(item.revision > 0 for item in items)
    ends = [item.ends for item in items if item.ends]
    ends += filter(None, (head.due if due is None else due,))
    change = max(head.change, stamp.change) if made else head.change
    moved = Head(0, head.revision + made, change, generation, pending, min(ends, default=0))
    size = session.change_size + made
    sizes = [Put(session.layout.size(stamp.change), b"%d %d" % (size, moved.revision))] if made else []
    operations = [
        *sizes,
        *secrets.marks(session.layout, patterns),
        *blobs.spare(),
        *operations,
    ]
    shut = passage if keeps_gate else None
    request = _request(session, moved, stamp, operations, again, passage, released, notes, made, shut)
    try:
        mod, lost = _send(session, request, nonce)
    except DatabaseUnusable:
        # Perhaps it was done: what this change set made so far is not known any more.
        session.change, session.change_size = None, 0
        raise
    if lost is not None:
        if pending is not None:
            staging.discard(session, notes[-1])
        blobs.renew()
        take_in(session, again, lost)
        if session.head.pending is not None:
            # Our entries were read before the steps that are still to be done.
            session.learn(staging.roll_forward(session, session.head))
        return False
    blobs.keep()
    if made:
        session.change, session.change_size = stamp.change, size
    session.learn(moved._replace(mod=mod))
    if pending is not None:
        session.learn(staging.roll_forward(session, session.head))
    elif len(entries) <= FEW_KEYS:
        session.known.update(entries)
    if patterns:
        secrets.drop_matching(session, patterns)
    return True


def _request(
    session: Session,
    moved: Head,
    stamp: Stamp,
    operations: Sequence[Operation],
    again: Sequence[bytes],
    passage: Passage | None,
    released: Sequence[Released],
    notes: Sequence[Note],
    made: int,
    shut: Passage | None,
) -> Txn:
    layout, head = session.layout, session.head
    then: list[Operation] = [Put(layout.head, encode_head(moved))]
    if passage is not shut:
        then.append(Delete(layout.gate))
    for held, also in released:
        then += [Delete(layout.lock(held.name)), *also]
    then += [Delete(note.key) for note in notes]
    if session.change is None and made:
        then += _new_change(session, stamp, head.revision + 1)
    if not head.mod:
        then.append(Put(layout.mark, b"%d %d\n" % (FORMAT, stamp.at)))
    return Txn(
        [
            Compare(layout.head, "mod", head.mod),
            *guards(session, passage),
            *(Compare(layout.lock(held.name), "create", held.token) for held, _ in released),
            *(note.stands for note in notes),
        ],
        [*then, *nested(operations)],
        nested(needed(session, again)),
    )


def _new_change(session: Session, stamp: Stamp, first: int) -> list[Operation]:
    origin, layout = session.origin_now(), session.layout
    change = ChangeRecord(stamp.change, stamp.at, first, 0, origin)
    then: list[Operation] = [Put(layout.change(stamp.change), encode_change(change))]
    if origin.run is not None:
        then.append(Put(layout.run_of(origin.run) + NUMBER % stamp.change, b""))
    return then


def _send(session: Session, request: Txn, nonce: bytes) -> tuple[int, list[RangeAnswer] | None]:
    """Send a commit until it is known what became of it; return the server's revision (0: done, but unknown
    at which), and what was read instead if it lost the comparison."""
    began, sent = monotonic(), False
    while True:
        try:
            answer = session.channel.txn(request, ATTEMPT_SECONDS)
        except Failed as failed:
            if failed.kind not in TRY_AGAIN:
                raise error_for(failed, session.location, writing=True) from None
            unsettled = failed
            sent = sent or (failed.kind == UNREACHABLE and failed.sent)
        else:
            session.require_later(answer.revision)
            return answer.revision, None if answer.succeeded else flattened(answer.answers)
        if sent and _was_done(session, nonce):
            return 0, None
        waited = monotonic() - began
        if waited > session.patience:
            if sent:
                # It may still be on its way.
                raise _unknown(session, f"no answer within {session.patience:g} s")
            raise error_for(unsettled, session.location, writing=True, seconds=waited)
        # The comparison lets the same request through at most once.
        sleep(_PAUSE_SECONDS)


def _was_done(session: Session, nonce: bytes) -> bool:
    """Return whether a commit that was not answered was done. Raises DatabaseUnusable if that cannot be
    known."""
    head, layout = session.head, session.layout
    try:
        now, first = session.read(Range(layout.head), Range(layout.record(head.revision + 1)))
    except DatabaseUnusable as error:
        raise _unknown(session, "no answer") from error
    moved = head_of(now, session.location)
    if moved.mod == head.mod or (moved.revision == head.revision and moved.pending is None):
        return False
    if moved.pending is not None and moved.pending.base == head.revision:
        return bool(moved.pending.commit == nonce)
    if not first.kvs:
        raise _unknown(session, "its revision was forgotten meanwhile")
    return decode_record(head.revision + 1, first.kvs[0].value).nonce == nonce


def _unknown(session: Session, why: str) -> DatabaseUnusable:
    return DatabaseUnusable(
        f"{session.location}: it is not known whether the change was made: {why}",
        hint="sloth-runner state log shows it if it was",
    )
