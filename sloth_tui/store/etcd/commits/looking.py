"""What every decision to write looks at: the head, the gate, the fences, and the entries it is about."""

from __future__ import annotations

from sloth_tui.store import lock_rules
from sloth_tui.store.etcd.client.failures import COMPACTED, Failed
from sloth_tui.store.etcd.client.messages import Compare, Range
from sloth_tui.store.etcd.data.head import head_of
from sloth_tui.store.etcd.data.records import decode_kept
from sloth_tui.store.etcd.snapshots import walking
from sloth_tui.store.etcd.snapshots.settled import read_settled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from sloth_tui.store.etcd.client.messages import RangeAnswer
    from sloth_tui.store.etcd.data.overlay import Passage
    from sloth_tui.store.etcd.data.records import Kept
    from sloth_tui.store.etcd.session import Session

_KNOWN_KEYS = 1000
"""Most entries that a handle remembers."""


def look(session: Session, keys: Sequence[bytes]) -> int:
    """Read the head, the gate, the fences and a few entries at one moment; return the server's revision. A
    pending commit is completed first. Raises LockLost."""
    answer = read_settled(session, *needed(session, keys)[1:])
    take_in(session, keys, answer.answers)
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


def guards(session: Session, passage: Passage | None) -> list[Compare]:
    """Return the conditions of every commit beside that of the head: nobody else is in a transaction, and the
    fences hold."""
    layout = session.layout
    return [
        Compare(layout.gate, "create", 0 if passage is None else passage.create),
        *(Compare(layout.lock(name), "create", token) for name, token in session.fences.items()),
    ]


def needed(session: Session, keys: Sequence[bytes]) -> list[Range]:
    """Return the ranges that a decision about these keys needs."""
    layout = session.layout
    return [
        Range(layout.head),
        Range(layout.gate),
        *(Range(layout.lock(name)) for name in session.fences),
        *(Range(layout.entry(key)) for key in keys),
    ]


def take_in(session: Session, keys: Sequence[bytes], answers: Sequence[RangeAnswer]) -> None:
    """Learn what :func:`needed` asked for. Raises LockLost."""
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
    from sloth_tui.store.etcd.data.leases import decode

    return lock_rules.another(decode(name, answer.kvs[0]).holder)


def require_time(session: Session) -> None:
    """Raise LockLost if the time of a fenced lock is over by the own clock, whatever the server still
    says."""
    if session.deadlines:
        for name, token in session.fences.items():
            if session.own_remaining(name, token) == 0:
                raise lock_rules.lost(name, lock_rules.EXPIRED)
