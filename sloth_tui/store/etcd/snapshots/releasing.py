"""The end of a lock: its key is deleted under its token, and its lease revoked."""

from __future__ import annotations

from sloth_tui.errors import NotWritable
from sloth_tui.store import lock_rules
from sloth_tui.store.etcd.client.failures import Failed
from sloth_tui.store.etcd.client.messages import Compare, Delete, Range, Txn
from sloth_tui.store.etcd.data.leases import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.errors import LockLost
    from sloth_tui.store.etcd.client.messages import Put, TxnAnswer
    from sloth_tui.store.etcd.data.leases import Held
    from sloth_tui.store.etcd.session import Session

_REVOKE_SECONDS = 2.0


def give_up(session: Session, held: Held, *also: Put) -> None:
    """Release a lock, and do what goes with it; without that, if the server has no room for it. Raises
    LockLost if it is no longer held under this token, NotWritable."""
    try:
        deleted = delete(session, held, *also)
    except NotWritable:
        deleted = delete(session, held)
    if not deleted:
        found = session.range(Range(session.layout.lock(held.name))).kvs
        raise lost(held.name, decode(held.name, found[0]) if found else None)
    forget(session, held)


def forget(session: Session, held: Held) -> None:
    """Revoke the lease of a lock that was released."""
    session.deadlines.pop(held.name, None)
    revoke(session, held.lease)


def delete(session: Session, held: Held, *also: Put) -> bool:
    """Delete the key of a lock, and do what goes with it, if it is still held under this token; return True
    if so."""
    key = session.layout.lock(held.name)
    request = Txn([Compare(key, "create", held.token)], [Delete(key), *also])
    attempts = 0

    def attempt(seconds: float) -> TxnAnswer:
        nonlocal attempts
        attempts += 1
        return session.channel.txn(request, seconds)

    if session.patiently(attempt, writing=True).succeeded:
        return True
    # The lock is gone: by an earlier request of ours whose answer was lost, unless what goes with it is not
    # there as it was written.
    return attempts > 1 and all(
        [found.value for found in session.range(Range(put.key)).kvs] == [put.value] for put in also
    )


def revoke(session: Session, lease: int) -> None:
    """End a lease that nothing is attached to any more; if that fails, it runs out."""
    session.keeper.drop(lease)
    try:
        session.channel.revoke(lease, _REVOKE_SECONDS)
    except Failed:
        return


def lost(name: str, held: Held | None) -> LockLost:
    """Return the error for a lock that is held so instead of as the caller says."""
    return lock_rules.lost(name, lock_rules.NOBODY if held is None else lock_rules.another(held.holder))
