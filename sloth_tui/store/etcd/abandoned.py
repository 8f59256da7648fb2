"""Remove what commits left behind that were never made: blobs that nothing refers to, and stages of no
commit.

Both are written before their commit. So only what is older than an hour is looked at, by the server's
revisions: what was written before a change set that was opened that long ago.
"""

from __future__ import annotations

from functools import partial

from sloth_tui.store.etcd.layout import number_at_end
from sloth_tui.store.etcd.messages import Delete, Range, Txn, after, nested
from sloth_tui.store.etcd.moment import Selection, at_one_moment
from sloth_tui.store.etcd.records import decode_change

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.store.etcd.messages import Operation
    from sloth_tui.store.etcd.moment import Moment
    from sloth_tui.store.etcd.session import Session

ABANDONED_MS = 3600 * 1000
"""Longer than any commit takes."""
_AT_ONCE = 100
_FIRST_PAGE, _GROWTH = 64, 4


def remove_abandoned(session: Session) -> None:
    """Remove abandoned blobs and stages. Raises DatabaseUnusable, NotWritable."""
    spare = [Delete(prefix, after(prefix)) for prefix in at_one_moment(session, _abandoned)]
    for first in range(0, len(spare), _AT_ONCE):
        part: list[Operation] = [*spare[first : first + _AT_ONCE]]
        session.patiently(partial(session.channel.txn, Txn((), nested(part))), writing=True)


def _abandoned(moment: Moment) -> list[bytes]:
    """Return what the names of everything abandoned begin with."""
    layout = moment.session.layout
    newest: dict[bytes, int] = {}
    for prefix in (layout.blobs, layout.stages):
        for kv in moment.range(Range(prefix, after(prefix), keys_only=True)).kvs:
            name = kv.key[: kv.key.rindex(b"/") + 1]
            newest[name] = max(newest.get(name, 0), kv.mod)
    before = _long_ago(moment) if newest else 0
    old = {name for name, mod in newest.items() if mod < before}
    # No commit is pending at this moment, so an old stage belongs to none.
    if any(name.startswith(layout.blobs) for name in old):
        old -= {layout.blobs + blob + b"/" for blob in _blobs_in_use(moment)}
    return sorted(old)


def _long_ago(moment: Moment) -> int:
    """Return the server's revision at which a change set was opened long ago; 0 if there is none."""
    layout, before = moment.session.layout, moment.session.now() - ABANDONED_MS
    high, size = moment.head.change + 1, _FIRST_PAGE
    while high > 1:
        low = max(1, high - size)
        found = moment.range(Range(layout.change(low), layout.change(high))).kvs
        for kv in reversed(found):
            if decode_change(number_at_end(kv.key), kv.value).at < before:
                return int(kv.create)
        high, size = low, size * _GROWTH
    return 0


def _blobs_in_use(moment: Moment) -> set[bytes]:
    used = {kept.blob for _, kept in moment.walk(Selection()) if kept.blob is not None}
    for record in moment.records_between(1, moment.head.revision):
        if record.old_blob is not None:
            used.add(record.old_blob)
    return used
