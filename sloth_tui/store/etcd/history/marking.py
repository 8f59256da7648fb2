"""Mark a key as a secret."""

from __future__ import annotations

from functools import partial

from sloth_tui.store.etcd.client.messages import Compare, Put, Range, Txn
from sloth_tui.store.etcd.commits import looking
from sloth_tui.store.etcd.data.head import encode_head
from sloth_tui.store.etcd.data.records import FORMAT
from sloth_tui.store.etcd.upkeep.secrets import drop_values
from sloth_tui.values.codec import check_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.store.etcd.client.messages import Operation
    from sloth_tui.store.etcd.session import Session


def mark_secret(session: Session, key: str) -> None:
    """Mark this key as secret, and drop the values that history holds of it. Raises InvalidKey, NotWritable,
    LockLost, DatabaseUnusable."""
    stored = check_key(key).encode()
    session.require_writable()
    _mark(session, session.layout.secrets + stored)
    drop_values(session, stored)


def _mark(session: Session, name: bytes) -> None:
    """Commit a mark, unless it is there."""
    layout = session.layout
    while True:
        looking.look(session, ())
        head = session.head
        if session.range(Range(name, keys_only=True)).kvs:
            return
        moved = head._replace(secrets=head.secrets + 1)
        then: list[Operation] = [Put(layout.head, encode_head(moved)), Put(name, b"")]
        if not head.mod:
            then.append(Put(layout.mark, b"%d %d\n" % (FORMAT, session.now())))
        passage = session.work.passage if session.work else None
        request = Txn([Compare(layout.head, "mod", head.mod), *looking.guards(session, passage)], then)
        # May be sent twice: after the first time the comparison fails, and the mark is there.
        session.patiently(partial(session.channel.txn, request), writing=True)
