"""One commit: read, decide, and write if nobody wrote meanwhile.

Everything that a commit writes is in one request to the server, which compares the head first. Whoever loses
that comparison gets what he needs for the next try in the same answer. He tries again at once: growing pauses let a
busy store starve its slower writers. After a few lost tries he goes through the gate.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from time import monotonic, sleep

from sloth_tui.errors import DatabaseUnusable
from sloth_tui.store import lock_rules
from sloth_tui.store.etcd import begun, contention, gate, secrets, staging, walking
from sloth_tui.store.etcd.batch import Stamp, Write, items_of, operations_of
from sloth_tui.store.etcd.blobs import Blobs
from sloth_tui.store.etcd.failures import COMPACTED, TRY_AGAIN, UNREACHABLE, Failed, error_for
from sloth_tui.store.etcd.head import Head, Pending, encode_head, head_of
from sloth_tui.store.etcd.layout import NUMBER
from sloth_tui.store.etcd.messages import Compare, Delete, Put, Range, Txn, flattened, nested
from sloth_tui.store.etcd.records import FORMAT, ChangeRecord, decode_kept, decode_record, encode_change
from sloth_tui.store.etcd.retention import keep_within_limits
from sloth_tui.store.etcd.session import ATTEMPT_SECONDS
from sloth_tui.store.etcd.settled import read_settled
from sloth_tui.values.codec import after_prefix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Protocol, TypeAlias, TypeVar

    from sloth_tui.store.etcd.batch import Found
    from sloth_tui.store.etcd.begun import Note
    from sloth_tui.store.etcd.gate import Passage
    from sloth_tui.store.etcd.leases import Held
    from sloth_tui.store.etcd.messages import Operation, RangeAnswer
    from sloth_tui.store.etcd.records import Kept
    from sloth_tui.store.etcd.session import Session

    T = TypeVar("T")
    Decide: TypeAlias = Callable[[Found, int], tuple[Sequence[Write], T]]
    """What to write, given the entries that were asked for and the number of the next revision; and the result for
    the caller. Called again after a lost comparison."""

    class Wanted(Protocol):
        """The entries that a decision is about."""

        def known(self, session: Session) -> Found | None:
            """Return the entries if the handle knows them as they are at its head; else None."""

        def read(self, session: Session) -> Found:
            """Read the head, the gate, the fences and the entries, all of one moment. Raises LockLost."""

        def again(self) -> Sequence[bytes]:
            """Return the keys to read again in the answer to a lost comparison."""


_FEW_KEYS = 50
"""Most keys that a handle remembers after a commit, and reads again in the answer to a lost comparison."""
_KNOWN_KEYS = 1000
_TRIES = 8
"""Lost comparisons after which a writer goes through the gate."""
_PAUSE_SECONDS = 0.1


class Keys:
    """Entries by their keys."""

    __slots__ = ("_keys",)

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = keys

    def known(self, session: Session) -> Found | None:
        if not session.head.mod or len(self._keys) > _FEW_KEYS:
            return None
        try:
            return {key: session.known[key] for key in self._keys}
        except KeyError:
            return None

    def read(self, session: Session) -> Found:
        return session.work.current(self._keys) if session.work else read_entries(session, self._keys)

    def again(self) -> Sequence[bytes]:
        return self._keys if len(self._keys) <= _FEW_KEYS else ()


class Prefix:
    """All entries whose keys begin with some bytes."""

    __slots__ = ("_prefix",)

    def __init__(self, prefix: bytes) -> None:
        self._prefix = prefix

    def known(self, session: Session) -> Found | None:
        return None

    def read(self, session: Session) -> Found:
        if session.work is not None:
            return dict(session.work.entries_between(self._prefix, after_prefix(self._prefix)))
        revision = look(session, ())
        return dict(walking.entries_between(session, self._prefix, after_prefix(self._prefix), revision))

    def again(self) -> Sequence[bytes]:
        return ()


def run(session: Session, wanted: Wanted, decide: Decide[T]) -> T:
    """Commit what ``decide`` says about these entries; return its result.

    Raises NotWritable, LockLost, DatabaseUnusable; then nothing was written, unless the message says that this is not
    known.
    """
    session.require_writable()
    if session.work is not None:
        return session.work.run(wanted, decide)
    writes, result = _run(session, wanted, decide)
    if writes:
        keep_within_limits(session, [write.key for write in writes])
    return result


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
            writes, result = decide(found, session.head.revision + 1)
            if writes:
                if attempt(session, writes, found, wanted.again(), passage, blobs):
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


def look(session: Session, keys: Sequence[bytes]) -> int:
    """Read the head, the gate, the fences and a few entries at one moment; return the server's revision. A pending
    commit is completed first. Raises LockLost."""
    answer = read_settled(session, *_needed(session, keys)[1:])
    _take_in(session, keys, answer.answers)
    return answer.revision


def read_entries(session: Session, keys: Sequence[bytes]) -> dict[bytes, Kept | None]:
    """Read the head, the gate, the fences and these entries, all of one moment. Raises LockLost."""
    first, *rest = walking.batches(keys) if keys else ((),)
    while True:
        revision = look(session, first)
        found = {key: session.known[key] for key in first}
        try:
            for batch in rest:
                found.update(walking.find_at(session, batch, revision))
        except Failed as failed:
            if failed.kind != COMPACTED:
                raise
        else:
            return found


def check_fences(session: Session) -> None:
    """Raise LockLost unless every fenced lock is still held."""
    if session.fences:
        look(session, ())


def attempt(
    session: Session,
    writes: Sequence[Write],
    found: Found,
    again: Sequence[bytes],
    passage: Passage | None,
    blobs: Blobs,
    released: Sequence[Held] = (),
) -> bool:
    """Commit these writes if the head is still the one known; return False if it is not. Then the head and the entries
    ``again`` are known anew. With ``passage`` a commit also opens the gate; the locks ``released`` are given up with it.
    Raises LockLost."""
    require_time(session)
    head = session.head
    nonce = os.urandom(6).hex().encode()
    stamp = Stamp(session.now(), session.change or head.change + 1, nonce)
    patterns = secrets.unknown_patterns(session) if session.change is None else ()
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
    moved = Head(0, head.revision + len(items), max(head.change, stamp.change), generation, pending)
    size = session.change_size + len(items)
    operations = [
        Put(session.layout.size(stamp.change), b"%d %d" % (size, moved.revision)),
        *secrets.marks(session.layout, patterns),
        *operations,
    ]
    request = _request(session, moved, stamp, operations, again, passage, released, notes)
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
        _take_in(session, again, lost)
        if session.head.pending is not None:
            # Our entries were read before the steps that are still to be done.
            session.learn(staging.roll_forward(session, session.head))
        return False
    blobs.keep()
    session.change, session.change_size = stamp.change, size
    session.learn(moved._replace(mod=mod))
    if pending is not None:
        session.learn(staging.roll_forward(session, session.head))
    elif len(entries) <= _FEW_KEYS:
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
    released: Sequence[Held],
    notes: Sequence[Note],
) -> Txn:
    layout, head = session.layout, session.head
    then: list[Operation] = [Put(layout.head, encode_head(moved))]
    if passage is not None:
        then.append(Delete(layout.gate))
    then += [Delete(layout.lock(held.name)) for held in released]
    then += [Delete(note.key) for note in notes]
    if session.change is None:
        then += _new_change(session, stamp, head.revision + 1)
    if not head.mod:
        then.append(Put(layout.mark, b"%d %d\n" % (FORMAT, stamp.at)))
    return Txn(
        [
            Compare(layout.head, "mod", head.mod),
            *guards(session, passage),
            *(Compare(layout.lock(held.name), "create", held.token) for held in released),
            *(note.stands for note in notes),
        ],
        [*then, *nested(operations)],
        nested(_needed(session, again)),
    )


def guards(session: Session, passage: Passage | None) -> list[Compare]:
    """Return the conditions of every commit beside that of the head: nobody else is in a transaction, and the fences
    hold."""
    layout = session.layout
    return [
        Compare(layout.gate, "create", 0 if passage is None else passage.create),
        *(Compare(layout.lock(name), "create", token) for name, token in session.fences.items()),
    ]


def _new_change(session: Session, stamp: Stamp, first: int) -> list[Operation]:
    origin, layout = session.origin_now(), session.layout
    change = ChangeRecord(stamp.change, stamp.at, first, 0, origin)
    then: list[Operation] = [Put(layout.change(stamp.change), encode_change(change))]
    if origin.run is not None:
        then.append(Put(layout.run_of(origin.run) + NUMBER % stamp.change, b""))
    return then


def _needed(session: Session, keys: Sequence[bytes]) -> list[Range]:
    """Return the ranges that a decision about these keys needs."""
    layout = session.layout
    return [
        Range(layout.head),
        Range(layout.gate),
        *(Range(layout.lock(name)) for name in session.fences),
        *(Range(layout.entry(key)) for key in keys),
    ]


def _take_in(session: Session, keys: Sequence[bytes], answers: Sequence[RangeAnswer]) -> None:
    """Learn what :func:`_needed` asked for. Raises LockLost."""
    require_time(session)
    session.learn(head_of(answers[0], session.location))
    session.gate_is_held = bool(answers[1].kvs)
    for (name, token), answer in zip(session.fences.items(), answers[2:], strict=False):
        if not answer.kvs or answer.kvs[0].create != token:
            raise lock_rules.lost(name, _found(name, answer))
    if len(session.known) > _KNOWN_KEYS:
        session.known.clear()
    for key, answer in zip(keys, answers[2 + len(session.fences) :], strict=True):
        session.known[key] = decode_kept(answer.kvs[0]) if answer.kvs else None


def _found(name: str, answer: RangeAnswer) -> str:
    """Return how a lock is held that is not held as a fence says."""
    if not answer.kvs:
        return lock_rules.NOBODY
    from sloth_tui.store.etcd.leases import decode

    return lock_rules.another(decode(name, answer.kvs[0]).holder)


def require_time(session: Session) -> None:
    """Raise LockLost if the time of a fenced lock is over by the own clock, whatever the server still says."""
    if session.deadlines:
        from sloth_tui.store.etcd.leases import own_remaining

        for name, token in session.fences.items():
            if own_remaining(session, name, token) == 0:
                raise lock_rules.lost(name, lock_rules.EXPIRED)


def _send(session: Session, request: Txn, nonce: bytes) -> tuple[int, list[RangeAnswer] | None]:
    """Send a commit until it is known what became of it; return the server's revision (0: done, but unknown at which),
    and what was read instead if it lost the comparison."""
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
    """Return whether a commit that was not answered was done. Raises DatabaseUnusable if that cannot be known."""
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
