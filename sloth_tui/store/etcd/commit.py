"""One commit: read, decide, and write if nobody wrote meanwhile.

Everything that a commit writes is in one request to the server, which compares the head first. Whoever loses
that comparison gets what he needs for the next try in the same answer. He tries again at once: growing pauses let a busy
store starve its slower writers.
"""

from __future__ import annotations

import os
from collections import namedtuple
from time import monotonic, sleep

from sloth_tui.errors import DatabaseUnusable, LockLost
from sloth_tui.store.etcd.failures import NO_LEADER, UNREACHABLE, Failed, error_for
from sloth_tui.store.etcd.head import Head, encode_head, head_of
from sloth_tui.store.etcd.messages import Compare, Delete, Put, Range, Txn, flattened, nested
from sloth_tui.store.etcd.records import (
    FORMAT,
    ChangeRecord,
    Kept,
    decode_kept,
    decode_record,
    encode_change,
    encode_kept,
    encode_record,
    replaced,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import TypeAlias, TypeVar

    from sloth_tui.store.etcd.messages import Operation, RangeAnswer
    from sloth_tui.store.etcd.session import Session

    T = TypeVar("T")
    Found: TypeAlias = Mapping[bytes, Kept | None]
    Decide: TypeAlias = Callable[[Found, int], tuple[Sequence["Write"], T]]
    """What to write, given the entries that were asked for and the number of the next revision; and the result for
    the caller. Called again after a lost comparison."""

_KNOWN_KEYS = 1000
"""Most entries that a handle remembers."""
_PAUSE_SECONDS = 0.1


class Write(namedtuple("Write", ("key", "kind", "stored"))):
    """One change of one key."""

    __slots__ = ()

    key: bytes
    kind: str
    stored: bytes | None
    """The stored form of the new value; None: delete the entry."""


def run(session: Session, keys: Sequence[bytes], decide: Decide[T]) -> T:
    """Commit what ``decide`` says about these keys; return its result.

    Raises NotWritable, LockLost, DatabaseUnusable; then nothing was written, unless the message says that this is not
    known.
    """
    session.require_writable()
    fresh = False
    while True:
        if not fresh and not _is_known(session, keys):
            look(session, keys)
            fresh = True
        writes, result = decide({key: session.known.get(key) for key in keys}, session.head.revision + 1)
        if not writes:
            # What is only remembered does not prove that nothing has to be written.
            if fresh:
                return result
            session.known.clear()
            continue
        if attempt(session, writes, keys):
            return result
        fresh = True


def _is_known(session: Session, keys: Iterable[bytes]) -> bool:
    return session.head.mod > 0 and all(key in session.known for key in keys)


def look(session: Session, keys: Sequence[bytes]) -> None:
    """Read the head, the gate, the fences and these entries at one moment. Raises LockLost."""
    answers = session.read(*needed(session, keys))
    _take_in(session, keys, answers)


def needed(session: Session, keys: Sequence[bytes]) -> list[Range]:
    """Return the ranges that a decision about these keys needs."""
    layout = session.layout
    return [
        Range(layout.head),
        Range(layout.gate),
        *(Range(layout.lock(name)) for name in session.fences),
        *(Range(layout.entry(key)) for key in keys),
    ]


def _take_in(session: Session, keys: Sequence[bytes], answers: list[RangeAnswer]) -> None:
    session.learn(head_of(answers[0], session.location))
    for (name, token), answer in zip(session.fences.items(), answers[2:], strict=False):
        if not answer.kvs or answer.kvs[0].create != token:
            raise LockLost(f"lock '{name}' is not held any more", name=name)
    if len(session.known) > _KNOWN_KEYS:
        session.known.clear()
    for key, answer in zip(keys, answers[2 + len(session.fences) :], strict=True):
        session.known[key] = decode_kept(answer.kvs[0].value) if answer.kvs else None


def attempt(session: Session, writes: Sequence[Write], keys: Sequence[bytes]) -> bool:
    """Commit these writes if the head is still the one known; return False if it is not. Then head and entries are
    known anew."""
    head, layout = session.head, session.layout
    nonce = os.urandom(6).hex().encode()
    change, at = session.change or head.change + 1, session.now()
    then: list[Operation] = []
    entries: dict[bytes, Kept | None] = {}
    revision = head.revision
    if session.change is None:
        then.append(_new_change(session, change, revision + 1, at))
    for write in writes:
        revision += 1
        before = entries.get(write.key, session.known.get(write.key))
        gone = write.stored is None
        record = replaced(
            revision, write.key, before, delete=gone, at=at, change=change, nonce=nonce, secret=False
        )
        then += [
            Put(layout.record(revision), encode_record(record)),
            Put(layout.chain(write.key, revision), b""),
        ]
        entries[write.key] = (
            None
            if write.stored is None
            else Kept(
                write.kind,
                write.stored,
                before.created if before else at,
                at,
                revision,
                change,
                len(write.stored),
                None,
            )
        )
    for key, kept in entries.items():
        name = layout.entry(key)
        then.append(Delete(name) if kept is None else Put(name, encode_kept(kept)))
    moved = Head(0, revision, max(head.change, change), head.secrets, None)
    if not head.mod:
        then.append(Put(layout.mark, b"%d %d\n" % (FORMAT, at)))
    request = Txn(
        [Compare(layout.head, "mod", head.mod), Compare(layout.gate, "create", 0), *fence_compares(session)],
        [Put(layout.head, encode_head(moved)), *nested(then)],
        nested(needed(session, keys)),
    )
    answer = _send(session, request, nonce)
    if answer is None:
        session.head, session.change = Head(0, *moved[1:]), change
        session.known.clear()
        return True
    mod, lost = answer
    if lost is not None:
        _take_in(session, keys, lost)
        return False
    session.head, session.change = moved._replace(mod=mod), change
    session.known.update(entries)
    return True


def fence_compares(session: Session) -> list[Compare]:
    """Return the conditions that every fenced lock is still held under its token."""
    return [Compare(session.layout.lock(name), "create", token) for name, token in session.fences.items()]


def _new_change(session: Session, number: int, first: int, at: int) -> Put:
    if session.origin is None:
        from sloth_tui.origin import this_process

        session.origin = this_process("sloth-runner", "")
    change = ChangeRecord(number, at, first, 0, session.origin)
    return Put(session.layout.change(number), encode_change(change))


def _send(session: Session, request: Txn, nonce: bytes) -> tuple[int, list[RangeAnswer] | None] | None:
    """Send a commit until it is known what became of it; return the server's revision, and what was read instead
    if it lost the comparison. None: it was done, at a revision that is not known."""
    began = monotonic()
    while True:
        try:
            answer = session.channel.txn(request, session.patience)
        except Failed as failed:
            if failed.kind not in (UNREACHABLE, NO_LEADER):
                raise error_for(failed, session.location, writing=True) from None
            unsettled = failed
        else:
            return answer.revision, None if answer.succeeded else flattened(answer.answers)
        outcome = _settle(session, nonce, unsettled, began)
        if outcome == "done":
            return None
        if monotonic() - began > session.patience:
            raise error_for(unsettled, session.location, writing=True, seconds=session.patience)
        # The head has not moved, or a later one is there: the comparison lets the same request through at most once.
        sleep(_PAUSE_SECONDS)


def _settle(session: Session, nonce: bytes, failed: Failed, began: float) -> str:
    """Return ``done`` or ``not done`` for a commit that was not answered."""
    head, layout = session.head, session.layout
    try:
        now, first = session.read(Range(layout.head), Range(layout.record(head.revision + 1)))
    except DatabaseUnusable:
        raise DatabaseUnusable(
            f"{session.location}: no answer, and it is not known whether the change was made",
            hint="sloth-runner state log shows it if it was",
        ) from None
    moved = head_of(now, session.location)
    if moved.mod == head.mod:
        return "not done"
    if not first.kvs:
        raise DatabaseUnusable(
            f"{session.location}: it is not known whether the change was made", hint="sloth-runner state log"
        )
    return "done" if decode_record(head.revision + 1, first.kvs[0].value).nonce == nonce else "not done"
