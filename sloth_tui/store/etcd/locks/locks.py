"""Named leases with fencing tokens.

A lock is a key attached to a lease of the server; its token is the revision at which the key was created. It
is never taken over by writing it, which would keep that revision: it is deleted, or its lease ends, and then
it is created anew. No wall clock decides anything. The server rounds leases up to whole seconds and at least
two: the holder counts his own time as over when he said so, and others see the lock free a little later."""

from __future__ import annotations

import math
import os
from functools import partial

from sloth_tui.store import lock_rules
from sloth_tui.store.clock import NANOSECONDS
from sloth_tui.store.etcd.client.keeping import TIED_LEASE_SECONDS
from sloth_tui.store.etcd.client.messages import Compare, Put, Range, Txn, after
from sloth_tui.store.etcd.data.head import NONE, encode_head
from sloth_tui.store.etcd.data.leases import Held, decode, encode, lock_of
from sloth_tui.store.etcd.data.overlay import Released
from sloth_tui.store.etcd.data.records import FORMAT
from sloth_tui.store.etcd.locks import lock_log
from sloth_tui.store.etcd.snapshots.releasing import delete, give_up, lost, revoke
from sloth_tui.store.etcd.snapshots.settled import read_settled
from sloth_tui.store.process import current_process, is_alive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.model import Lock, LockBreak, LockUse
    from sloth_tui.store.etcd.client.messages import KeyValue
    from sloth_tui.store.etcd.session import Session

_SHORTEST_LEASE_SECONDS = 2
_PAUSE_SECONDS, _JITTER_SECONDS = 0.02, 0.04
_PATIENT_AFTER_SECONDS, _PATIENT_PAUSE_SECONDS = 2.0, 0.2
"""After waiting so long for a lock, the pause between two looks at it."""
_REVOKE_SECONDS = 2.0


class Locks:
    """See :class:`sloth_tui.store.port.Locks`."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def acquire(
        self, name: str, holder: str, seconds: float, *, wait: float = 0.0, ephemeral: bool = False
    ) -> Lock:
        """See the port. Raises UsageError inside a transaction."""
        lock_rules.check_request(name, holder, seconds, wait)
        session = self._session
        session.require_writable()
        if session.work is not None:
            raise lock_rules.inside_a_transaction(name)
        clock = session.clock
        began = clock.now()
        give_up = began + wait * NANOSECONDS
        found: Held | None = None
        while True:
            if found is None or self._is_over(found):
                taken = self._try(name, holder, seconds, ephemeral)
                if taken is not None:
                    return taken
                found = self._find(name)
                continue
            patience = (give_up - clock.now()) / NANOSECONDS
            if patience <= 0:
                raise lock_rules.held_by(name, found.holder, self._remaining(found))
            waited = (clock.now() - began) / NANOSECONDS
            pause = _PAUSE_SECONDS if waited < _PATIENT_AFTER_SECONDS else _PATIENT_PAUSE_SECONDS
            clock.sleep(min(pause + _JITTER_SECONDS * os.urandom(1)[0] / 255, patience))
            found = self._find(name)

    def renew(self, name: str, holder: str, seconds: float) -> Lock:
        """See the port. A handle fenced by the lock renews only the acquisition of its fence."""
        lock_rules.check_seconds(seconds)
        session = self._session
        session.require_writable()
        held = self._held(name, holder, session.fences.get(name))
        began = session.clock.now()
        lease = self._grant(seconds, held.ephemeral)
        renewed = held._replace(
            lease=lease,
            seconds=seconds,
            at=(held.at[0], session.clock.wall()),
            nonce=_nonce(),
            log=lock_log.renewed(held.log),
        )
        key = session.layout.lock(name)
        then = [Put(key, encode(renewed), lease), *lock_log.entry(session, renewed)]
        request = Txn([Compare(key, "create", held.token)], then, [Range(key)])
        answer = session.patiently(partial(session.channel.txn, request), writing=True)
        if not answer.succeeded:
            revoke(session, lease)
            raise lost(name, self._find(name))
        revoke(session, held.lease)
        return self._granted(renewed, began)

    def release(self, name: str, holder: str, *, token: int | None = None) -> None:
        """See the port. Without ``token``, a handle fenced by the lock releases only the acquisition of its
        fence."""
        session = self._session
        session.require_writable()
        held = self._held(name, holder, session.fences.get(name) if token is None else token)
        end = lock_log.entry(session, held, lock_log.RELEASED)
        if session.work is not None:
            session.work.released.append(Released(held, end))
        else:
            give_up(session, held, *end)

    def break_lock(self, name: str) -> Lock:
        session = self._session
        session.require_writable()
        held = self._find(name)
        if held is None or self._is_over(held):
            raise lock_rules.not_held(name)
        from sloth_tui.store.etcd.locks import lock_breaks

        broken = lock_of(held, self._remaining(held), session.clock.boot_id)
        records = (lock_breaks.record(session, held), *lock_log.entry(session, held, lock_log.BROKEN))
        if session.work is not None:
            session.work.released.append(Released(held, records))
        elif delete(session, held, *records):
            revoke(session, held.lease)
        else:
            raise lock_rules.not_held(name)
        return broken

    def lock_breaks(self, limit: int = 100) -> list[LockBreak]:
        from sloth_tui.store.etcd.locks.lock_breaks import newest

        return newest(self._session, limit)

    def lock_history(self, name: str | None = None, limit: int = 100) -> list[LockUse]:
        return lock_log.history(self._session, self.lock, name, limit)

    def lock(self, name: str) -> Lock | None:
        if self._session.must_exist:
            read_settled(self._session)
        held = self._find(name)
        return None if held is None else self._lock(held)

    def locks(self) -> list[Lock]:
        layout = self._session.layout
        skip = len(layout.locks)
        found = read_settled(self._session, Range(layout.locks, after(layout.locks))).answers[1].kvs
        work = self._session.work
        gone = {held.name for held, _ in work.released} if work is not None else ()
        held = (self._lock(decode(_name(kept.key[skip:]), kept)) for kept in found)
        return [lock for lock in held if lock is not None and lock.name not in gone]

    def _try(self, name: str, holder: str, seconds: float, ephemeral: bool) -> Lock | None:
        """Take the lock if it is free; else return None."""
        session = self._session
        began = session.clock.now()
        lease = self._grant(seconds, ephemeral)
        now = session.clock.wall()
        owner = current_process(session.clock.boot_id)
        log = lock_log.begun(session, now)
        held = Held(name, holder, 0, lease, (now, now), seconds, ephemeral, _nonce(), owner, log)
        key = session.layout.lock(name)
        layout = session.layout
        # With its first lock an agent has a store.
        begin = Txn(
            [Compare(layout.head, "create", 0)],
            [Put(layout.head, encode_head(NONE)), Put(layout.mark, b"%d %d\n" % (FORMAT, session.now()))],
        )
        then = [Put(key, encode(held), lease), begin, *lock_log.entry(session, held)]
        request = Txn([Compare(key, "create", 0)], then, [Range(key)])
        answer = session.patiently(partial(session.channel.txn, request), writing=True)
        if answer.succeeded:
            lock_log.trim_now_and_then(session)
            return self._granted(held._replace(token=answer.revision), began)
        found: list[KeyValue] = answer.answers[0].kvs  # type: ignore[union-attr]  # the only operation is a range
        if found and decode(name, found[0]).nonce == held.nonce:
            # An earlier request of ours was done, but not answered.
            return self._granted(held._replace(token=found[0].create), began)
        revoke(session, lease)
        return None

    def _granted(self, held: Held, began: int) -> Lock:
        session = self._session
        deadline = began + round(held.seconds * NANOSECONDS)
        session.deadlines[held.name] = (held.token, deadline)
        if held.ephemeral and held.seconds > TIED_LEASE_SECONDS:
            session.keeper.keep(held.lease, held.seconds)
        return lock_of(held, held.seconds, session.clock.boot_id)

    def _grant(self, seconds: float, ephemeral: bool) -> int:
        whole = max(_SHORTEST_LEASE_SECONDS, math.ceil(seconds))
        if ephemeral:
            whole = min(whole, TIED_LEASE_SECONDS)
        session = self._session
        return session.patiently(partial(session.channel.grant, whole), writing=True).lease

    def _find(self, name: str) -> Held | None:
        try:
            key = self._session.layout.lock(name)
        except UnicodeEncodeError:
            return None
        found = self._session.range(Range(key)).kvs
        work = self._session.work
        if work is not None and any(held.name == name for held, _ in work.released):
            return None
        return decode(name, found[0]) if found else None

    def _held(self, name: str, holder: str, token: int | None) -> Held:
        """Return the acquisition of ``holder``. Raises LockLost if there is none, or if its token is not
        ``token``."""
        held = self._find(name)
        if held is None or held.holder != holder or (token is not None and held.token != token):
            raise lost(name, held)
        if self._session.own_remaining(name, held.token) == 0 or self._is_over(held):
            raise lock_rules.lost(name, lock_rules.EXPIRED)
        return held

    def _is_over(self, held: Held) -> bool:
        """Return True if the lock counts as free although its key is still there, and delete the key: its
        process has ended on this host, or this handle held it and its time is over."""
        session = self._session
        dead = held.ephemeral and is_alive(held.owner, session.clock.boot_id) is False
        if not dead and session.own_remaining(held.name, held.token) != 0:
            return False
        if not session.read_only:
            delete(session, held)
            revoke(session, held.lease)
        return True

    def _lock(self, held: Held) -> Lock | None:
        if (held.ephemeral and is_alive(held.owner, self._session.clock.boot_id) is False) or (
            self._session.own_remaining(held.name, held.token) == 0
        ):
            return None
        remaining = self._remaining(held)
        return lock_of(held, remaining, self._session.clock.boot_id) if remaining else None

    def _remaining(self, held: Held) -> float:
        """Return the seconds left: by the own clock for a lock of this handle, by the server's lease for
        others. The lease of a tied lock is shorter than its time and kept alive, so for it the time of its
        holder counts."""
        session = self._session
        own = session.own_remaining(held.name, held.token)
        if own is not None:
            return own
        if held.ephemeral:
            return max(0.001, held.at[1] + held.seconds - session.clock.wall())
        granted = session.patiently(partial(session.channel.time_to_live, held.lease))
        return float(min(max(granted.seconds, 0), held.seconds))


def _nonce() -> str:
    return os.urandom(6).hex()


def _name(stored: bytes) -> str:
    return stored.decode("utf-8", "surrogatepass")
