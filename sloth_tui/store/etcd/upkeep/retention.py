"""Retention: forget old history automatically while entries are written.

A key's oldest revisions are forgotten first, because the new value of a revision is in the key's next one.
The newest revision of the whole store is never forgotten.
"""

from __future__ import annotations

from collections import namedtuple
from functools import partial
from time import monotonic

from sloth_tui.errors import SlothError
from sloth_tui.store.etcd.client.messages import Put, Range, Txn
from sloth_tui.store.etcd.data.layout import number_at_end
from sloth_tui.store.etcd.data.records import decode_record, numbers
from sloth_tui.store.etcd.snapshots.begun import remove_abandoned
from sloth_tui.store.etcd.upkeep.forgetting import STEP, forget, forget_changes, note_gone
from sloth_tui.store.etcd.upkeep.moment import at_one_moment
from sloth_tui.store.etcd.upkeep.pruning import long_ago

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sloth_tui.store.etcd.client.messages import RangeAnswer
    from sloth_tui.store.etcd.session import Session
    from sloth_tui.store.etcd.upkeep.moment import Moment

SETTLED_MS = 10 * 1000
"""Age before a revision may be forgotten, so that a program that follows the changes misses none."""
_TRIM_PAUSE_FACTOR = 0.1
"""Part of SETTLED_MS for which a key is not checked again after a check found less than a step."""
_MOST_TRIMMED_KEYS = 1000
_MOST_KEYS = 256
"""Keys checked after one commit."""
_RECENT = 1024
"""Number of newest revisions among whose keys a sweep looks for those with too many revisions."""
_SWEPT_RECORDS = 4096
"""Old revisions among which one sweep looks for deletions."""
_SWEEP_EVERY_MS = 3600 * 1000

# A low-discrepancy sequence (Knuth's multiplicative hashing): one write in 16, whatever the order of keys.
_GOLDEN = 0x9E3779B1
_ONE_IN_16 = 1 << 28


class Swept(namedtuple("Swept", ("at", "revision", "change"))):
    """How far the last sweep came."""

    __slots__ = ()

    at: int
    """Unix milliseconds of the last one that left nothing over."""
    revision: int
    """Deletions up to this revision were looked at."""
    change: int
    """The last change set that was looked at."""


def keep_within_limits(session: Session, keys: Iterable[bytes]) -> None:
    """Now and then, after a commit of these keys, forget their oldest revisions.

    The first write of a handle always does this, so that one-shot commands do their part. A key may thus have
    a few revisions more than the setting says. Errors do not affect the write: a later write tries again.
    """
    due: list[bytes] = []
    for key in keys:
        if (session.writes * _GOLDEN & 0xFFFFFFFF) < _ONE_IN_16 and len(due) < _MOST_KEYS:
            due.append(key)
        session.writes += 1
    now = monotonic()
    due = [key for key in dict.fromkeys(due) if session.trimmed.get(key, 0.0) <= now]
    if not due:
        return
    try:
        keep = session.settings.keep_revisions
        # The server counts as many names as are kept: with a high limit, not after each write.
        if session.head.revision % max(1, keep // 256) == 0:
            swept, *counts = session.read(
                Range(session.layout.swept),
                *(Range(*session.layout.chain_of(key), count_only=True) for key in due),
            )
            session.sweep_due = session.sweep_due or _is_due(session, _swept_of(swept))
            for key, answer in zip(due, counts, strict=True):
                if answer.count > keep:
                    _trim(session, key, keep)
    except SlothError:
        return


def sweep(session: Session) -> None:
    """Forget history that our own writes do not reach: old deletions, surplus revisions of keys written
    lately, change sets without revisions.

    Runs once an hour in any one process; again with the next handle if revisions are left over. Raises
    SlothError.
    """
    swept = _swept_of(session.range(Range(session.layout.swept)))
    if not _is_due(session, swept):
        return
    revision, over = _forget_deleted(session, swept.revision)
    over = _trim_recent(session, session.settings.keep_revisions) or over
    at, change = swept.at, swept.change
    if not over:
        at = session.now()
        change = (
            forget_changes(
                session,
                change,
                here=long_ago(session, 1),
                elsewhere=long_ago(session, max(1, session.settings.keep_deleted_days)),
            )
            or 0
        )
    remove_abandoned(session)
    put = Txn((), (Put(session.layout.swept, b"%d %d %d" % (at, revision, change)),))
    session.patiently(partial(session.channel.txn, put), writing=True)


def _is_due(session: Session, swept: Swept) -> bool:
    return not 0 <= session.now() - swept.at < _SWEEP_EVERY_MS


def _swept_of(answer: RangeAnswer) -> Swept:
    return Swept(*numbers(answer.kvs[0], 3)) if answer.kvs else Swept(0, 0, 0)


def _trim(session: Session, key: bytes, keep: int) -> int:
    """Forget up to a step of a key's oldest revisions beyond ``keep``; return the number forgotten."""
    chain = session.range(Range(*session.layout.chain_of(key), keys_only=True)).kvs
    beyond = [number_at_end(kv.key) for kv in chain[: max(0, len(chain) - keep)]][:STEP]
    settled = _settled(session, beyond) if beyond else []
    if len(settled) < STEP:
        if len(session.trimmed) >= _MOST_TRIMMED_KEYS:
            session.trimmed.clear()
        session.trimmed[key] = monotonic() + SETTLED_MS / 1000 * _TRIM_PAUSE_FACTOR
    return forget(session, settled, tries=1) if settled else 0


def _settled(session: Session, revisions: Sequence[int]) -> list[int]:
    """Return those of these revisions, oldest first, up to the last one that is old enough. Two times may be
    in the wrong order, because clocks differ; revisions never are."""
    answers = session.read(*(Range(session.layout.record(revision)) for revision in revisions))
    before, last = session.now() - SETTLED_MS, 0
    for revision, answer in zip(revisions, answers, strict=True):
        if answer.kvs and decode_record(revision, answer.kvs[0].value).at <= before:
            last = revision
    return [revision for revision in revisions if revision <= last]


def _forget_deleted(session: Session, since: int) -> tuple[int, bool]:
    """Forget keys that were deleted long ago, looking at revisions after ``since``; return the last revision
    looked at, and True if there are more."""
    before = long_ago(session, session.settings.keep_deleted_days)

    def look(moment: Moment) -> tuple[int, bool, dict[bytes, list[int]]]:
        last, seen = since, 0
        gone: dict[bytes, int] = {}
        for record in moment.records_between(since + 1, moment.head.revision - 1):
            if record.at >= before or seen >= _SWEPT_RECORDS or len(gone) >= STEP:
                return last, record.at < before, _chains(moment, gone)
            last, seen = record.revision, seen + 1
            if record.operation == "delete":
                gone[record.key] = record.revision
            else:
                gone.pop(record.key, None)
        return last, False, _chains(moment, gone)

    last, more, chains = at_one_moment(session, look)
    for revisions in chains.values():
        for first in range(0, len(revisions), STEP):
            forget(session, revisions[first : first + STEP])
    note_gone(session, list(chains))
    return last, more


def _chains(moment: Moment, gone: dict[bytes, int]) -> dict[bytes, list[int]]:
    """Return the revisions of those keys of which these deletions are the newest ones."""
    ranges = [Range(*moment.session.layout.chain_of(key), keys_only=True) for key in gone]
    found = {
        key: [number_at_end(kv.key) for kv in answer.kvs]
        for key, answer in zip(gone, moment.read(ranges), strict=True)
    }
    return {key: revisions for key, revisions in found.items() if revisions[-1:] == [gone[key]]}


def _trim_recent(session: Session, keep: int) -> bool:
    """Forget some of the oldest revisions of recently written keys; return True if there may be more."""
    layout = session.layout

    def look(moment: Moment) -> list[bytes]:
        newest = moment.head.revision
        recent = moment.records_between(max(1, newest - _RECENT + 1), newest)
        keys = list(dict.fromkeys(record.key for record in recent))
        counts = moment.read([Range(*layout.chain_of(key), count_only=True) for key in keys])
        return [key for key, answer in zip(keys, counts, strict=True) if answer.count > keep]

    forgotten = 0
    for key in at_one_moment(session, look):
        forgotten += _trim(session, key, keep)
        if forgotten >= STEP:
            return True
    return False
