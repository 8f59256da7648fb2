"""Forget revisions, and remember which.

What is forgotten is noted in the same request: the last revision forgotten of each key, of all keys, and of
keys without any revision left; and how many of each change set. One key holds the numbers of all keys:
whoever forgets compares it, so that two never count the same revision.
"""

from __future__ import annotations

from collections import Counter, namedtuple
from functools import partial

from sloth_tui.store.etcd.client.messages import Compare, Delete, Put, Range, Txn, after, nested
from sloth_tui.store.etcd.data.head import head_of
from sloth_tui.store.etcd.data.layout import NUMBER, number_at_end
from sloth_tui.store.etcd.data.records import decode_change, decode_record, encode_change, numbers
from sloth_tui.store.etcd.snapshots import walking

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sloth_tui.store.etcd.client.messages import KeyValue, Operation, RangeAnswer
    from sloth_tui.store.etcd.data.records import ChangeRecord, Record
    from sloth_tui.store.etcd.session import Session
    from sloth_tui.store.etcd.upkeep.moment import Moment, Selection

STEP = 128
"""Revisions forgotten by one request: other writers do not notice it."""
_KEYS_AT_ONCE = 40
_TRIES = 50
"""How often it is tried to note that keys are gone, in a store that others keep writing to."""
CHANGES_PAGE = 4096
"""Change sets looked through by one request."""


class Horizon(namedtuple("Horizon", ("gone", "any"))):
    """The last revision forgotten of keys without any revision left, and of all keys."""

    __slots__ = ()

    gone: int
    any: int


def horizon(moment: Moment, selection: Selection, enough: int | None = None) -> int:
    """Return the newest revision of these keys that is no longer kept; their history after it has no gaps. If
    that is ``enough`` or less, the number may be greater than it, but not greater than ``enough``."""
    layout = moment.session.layout
    known = horizon_of(moment.range(Range(layout.horizon)))
    if selection.is_all or (enough is not None and known.any <= enough):
        return known.any
    if selection.low is None:
        return known.gone
    if selection.is_key:
        return max(known.gone, forgotten_of(moment, selection.low))
    first = layout.forgotten + selection.low
    found = moment.range(Range(first, after(first))).kvs
    return max([known.gone, *(numbers(kv, 1)[0] for kv in found)])


def forgotten_of(moment: Moment, key: bytes) -> int:
    """Return the last revision forgotten of a key of which some are kept; 0 if none was."""
    found = moment.range(Range(moment.session.layout.forgotten + key)).kvs
    return numbers(found[0], 1)[0] if found else 0


def forget(session: Session, revisions: Sequence[int], *, tries: int = 0) -> int:
    """Forget up to STEP revisions; return how many there were. Gives up after so many lost comparisons (0:
    never)."""
    layout = session.layout
    while True:
        mark, *answers = session.read(
            Range(layout.horizon), *(Range(layout.record(revision)) for revision in revisions)
        )
        records = [decode_record(number_at_end(kv.key), kv.value) for answer in answers for kv in answer.kvs]
        if not records:
            return 0
        request = Txn(
            [Compare(layout.horizon, "mod", mark.kvs[0].mod if mark.kvs else 0)],
            nested(_removal(session, records, horizon_of(mark))),
        )
        answer = session.patiently(partial(session.channel.txn, request), writing=True)
        if answer.succeeded:
            return len(records)
        tries -= 1
        if tries == 0:
            return 0


def _removal(session: Session, records: Sequence[Record], before: Horizon) -> list[Operation]:
    layout = session.layout
    newest: dict[bytes, int] = {}
    for record in records:
        newest[record.key] = max(newest.get(record.key, 0), record.revision)
    counts = Counter(record.change for record in records)
    answers = session.read(
        *(Range(layout.forgotten + key) for key in newest),
        *(Range(layout.change(number)) for number in counts),
    )
    then: list[Operation] = [Put(layout.horizon, b"%d %d" % (before.gone, max(before.any, *newest.values())))]
    for (key, revision), answer in zip(newest.items(), answers, strict=False):
        known = numbers(answer.kvs[0], 1)[0] if answer.kvs else 0
        then.append(Put(layout.forgotten + key, b"%d" % max(known, revision)))
    for (number, count), answer in zip(counts.items(), answers[len(newest) :], strict=True):
        for kv in answer.kvs:
            change = decode_change(number, kv.value)
            then.append(Put(kv.key, encode_change(change._replace(forgotten=change.forgotten + count))))
    for record in records:
        then += [
            Delete(layout.record(record.revision)),
            Delete(layout.chain(record.key, record.revision)),
        ]
        if record.old_blob is not None:
            pieces = layout.blobs + record.old_blob + b"/"
            then.append(Delete(pieces, after(pieces)))
    return then


def note_gone(session: Session, keys: Sequence[bytes]) -> None:
    """Record of those keys of which no revision is left that they are gone: one number for all such keys, the
    last revision forgotten."""
    for first in range(0, len(keys), _KEYS_AT_ONCE):
        part = keys[first : first + _KEYS_AT_ONCE]
        for _ in range(_TRIES):
            if _note_gone(session, part):
                break


def _note_gone(session: Session, keys: Sequence[bytes]) -> bool:
    """Return False if somebody wrote meanwhile."""
    layout = session.layout
    head, mark, *answers = session.read(
        Range(layout.head),
        Range(layout.horizon),
        *(Range(layout.forgotten + key) for key in keys),
        *(Range(*layout.chain_of(key), limit=1, keys_only=True) for key in keys),
    )
    if head_of(head, session.location).pending is not None:
        return False
    gone = [
        answer.kvs[0]
        for answer, chain in zip(answers, answers[len(keys) :], strict=False)
        if answer.kvs and not chain.kvs
    ]
    if not gone:
        return True
    before = horizon_of(mark)
    last = max([before.gone, *(numbers(kv, 1)[0] for kv in gone)])
    request = Txn(
        [
            Compare(layout.head, "mod", head.kvs[0].mod if head.kvs else 0),
            Compare(layout.horizon, "mod", mark.kvs[0].mod if mark.kvs else 0),
        ],
        [
            Put(layout.horizon, b"%d %d" % (last, max(before.any, last))),
            *(Delete(kv.key) for kv in gone),
        ],
    )
    return session.patiently(partial(session.channel.txn, request), writing=True).succeeded


def forget_changes(session: Session, after_number: int, *, here: int, elsewhere: int) -> int | None:
    """Forget the change sets without revisions in the page after a number; return the page's last number,
    None at the end.

    Only those opened before ``here`` (unix milliseconds) by a process of this machine that has ended, and
    those opened before ``elsewhere``: the next write of any other may belong to them.
    """
    layout = session.layout
    first, end = after_number + 1, after_number + 1 + CHANGES_PAGE
    head, changes, sizes = session.read(
        Range(layout.head),
        Range(layout.change(first), layout.change(end)),
        Range(layout.size(first), layout.size(end)),
    )
    made = {number_at_end(kv.key): size_of(kv)[0] for kv in sizes.kvs}
    spare: list[Operation] = []
    for kv in changes.kvs:
        change = decode_change(number_at_end(kv.key), kv.value)
        if 0 < made.get(change.number, 0) <= change.forgotten and _is_over(change, here, elsewhere):
            spare += [Delete(layout.change(change.number)), Delete(layout.size(change.number))]
            if change.origin.run is not None:
                spare.append(Delete(layout.run_of(change.origin.run) + NUMBER % change.number))
    for at in range(0, len(spare), STEP):
        request = Txn((), nested(spare[at : at + STEP]))
        session.patiently(partial(session.channel.txn, request), writing=True)
    return end - 1 if end <= head_of(head, session.location).change else None


def _is_over(change: ChangeRecord, here: int, elsewhere: int) -> bool:
    """Return True if no process writes to a change set any more."""
    import os

    from sloth_tui.store.process import exists

    if change.origin.host == os.uname().nodename:
        return change.at < here and not exists(change.origin.pid)
    return change.at < elsewhere


def forgotten_keys(session: Session) -> Iterable[bytes]:
    """Return the keys of which a revision was forgotten, but for those noted to be gone."""
    first = session.layout.forgotten
    return [name[len(first) :] for name in walking.names_between(session, first, after(first))]


def size_of(kept: KeyValue) -> tuple[int, int]:
    """Return how many revisions a change set made, and the last of them."""
    count, last = numbers(kept, 2)
    return count, last


def horizon_of(answer: RangeAnswer) -> Horizon:
    return Horizon(*numbers(answer.kvs[0], 2)) if answer.kvs else Horizon(0, 0)
