"""Statistics of a store: every entry and every record is read once for them."""

from __future__ import annotations

from collections import Counter

from sloth_tui.model import Stats
from sloth_tui.store.etcd.client.messages import Range
from sloth_tui.store.etcd.data.head import head_of
from sloth_tui.store.etcd.data.layout import number_at_end
from sloth_tui.store.etcd.data.records import decode_record
from sloth_tui.store.etcd.snapshots import walking
from sloth_tui.store.etcd.snapshots.settled import read_settled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.store.etcd.session import Session

_RECORDS_AT_ONCE = 2000


def read_stats(session: Session, locks: int, complete_since: int) -> Stats:
    """Return the statistics."""
    reading = read_settled(session)
    newest = head_of(reading.answers[0], session.location).revision
    types: Counter[str] = Counter()
    size, modified, now = 0, 0, session.now()
    for key, kept in walking.entries_between(session, b"", None, reading.revision):
        if kept.is_over(now):
            continue
        types[kept.kind] += 1
        size += len(key) + kept.size
        modified = max(modified, kept.updated)
    revisions, oldest, history_size, changed = _history(session, newest)
    status = session.patiently(session.channel.status)
    keys = types.total()
    return Stats(
        total_keys=keys,
        total_size=size,
        last_modified=max(modified, changed) // 1000 if keys else 0,
        backend="etcd",
        location=session.location,
        file_size=None,
        wal_size=None,
        page_size=None,
        page_count=None,
        free_pages=None,
        revision=newest,
        oldest_revision=oldest,
        complete_since=complete_since,
        revisions=revisions,
        history_size=history_size,
        locks=locks,
        types=dict(sorted(types.items())),
        storage=(
            ("server", f"etcd {status.version}"),
            ("database of the cluster", status.size),
            ("of it in use", status.used),
        ),
    )


def _history(session: Session, newest: int) -> tuple[int, int, int, int]:
    """Return the number of records, the oldest revision, the bytes of replaced values, and the time of the
    newest change in unix milliseconds."""
    revisions = oldest = size = changed = 0
    layout = session.layout
    for first in range(1, newest + 1, _RECORDS_AT_ONCE):
        wanted = Range(layout.record(first), layout.record(first + _RECORDS_AT_ONCE))
        for kept in session.range(wanted).kvs:
            record = decode_record(number_at_end(kept.key), kept.value)
            oldest = oldest or record.revision
            revisions += 1
            size += record.old_size
            changed = max(changed, record.at)
    return revisions, oldest, size, changed
