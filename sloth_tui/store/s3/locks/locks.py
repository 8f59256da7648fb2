"""The locks of an agent. See :class:`sloth_tui.store.port.Locks`."""

from __future__ import annotations

import os
import time
from hashlib import sha256

from sloth_tui.errors import NotWritable
from sloth_tui.store import lock_rules
from sloth_tui.store.clock import NANOSECONDS
from sloth_tui.store.s3.client.objects import Lost
from sloth_tui.store.s3.leases.leases import Lease, Leases, new_nonce
from sloth_tui.store.s3.locks import lock_log

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.errors import LockLost
    from sloth_tui.model import Lock, LockUse
    from sloth_tui.store.s3.client.objects import Bucket
    from sloth_tui.store.s3.leases.keeping import Keeper
    from sloth_tui.store.s3.writing.writer import Writer

_PAUSE_SECONDS, _JITTER_SECONDS = 0.05, 0.1
"""Pause between two looks at a held lock, and the random time added to it. Each look is a request."""
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
_LONGEST_NAME = 200


def object_name(lock: str) -> str:
    """Return the name of a lock's object: readable, and a name that any server takes."""
    stored = lock.encode("utf-8", "surrogatepass")
    plain = "".join(chr(byte) if chr(byte) in _PLAIN else f"={byte:02X}" for byte in stored)
    return plain if len(plain) <= _LONGEST_NAME and plain.strip(".") else "=" + sha256(stored).hexdigest()


class Locks:
    """Locks, and the fences of one handle."""

    def __init__(self, bucket: Bucket, agent: str, leases: Leases, keeper: Keeper, writer: Writer) -> None:
        self._bucket = bucket
        self._folder = bucket.address.locks(agent)
        self._leases = leases
        self._keeper = keeper
        self._writer = writer
        self._bodies: dict[str, Lease] = {}
        """Path -> the lease as it was last read, for the list."""
        self._released: dict[str, int] = {}
        """Name -> token that the transaction under way takes back when it ends."""
        self.fences: dict[str, int] = {}

    def acquire(self, name: str, holder: str, seconds: float, *, wait: float, ephemeral: bool) -> Lock:
        lock_rules.check_request(name, holder, seconds, wait)
        self._refuse_read_only()
        if self._writer.is_in_block:
            raise lock_rules.inside_a_transaction(name)
        clock = self._leases.clock
        give_up = clock.now() + wait * NANOSECONDS
        while True:
            lease = self._read(name)
            left = lease.remaining() if lease else 0.0
            if not left:
                try:
                    return self._grant(name, holder, seconds, lease, tied=ephemeral)
                except Lost:
                    continue
            assert lease is not None
            patience = (give_up - clock.now()) / NANOSECONDS
            if patience <= 0:
                raise lock_rules.held_by(name, lease.body.holder, left)
            clock.sleep(min(_PAUSE_SECONDS + _JITTER_SECONDS * os.urandom(1)[0] / 255, patience, left))

    def renew(self, name: str, holder: str, seconds: float) -> Lock:
        lock_rules.check_seconds(seconds)
        while True:
            since, lease = time.monotonic(), self._held(name, holder, self.fences.get(name))
            self._writer.require_conditions()
            body = self._leases.renewed(lease.body, seconds)
            body = body._replace(log=lock_log.renewed(body))
            try:
                renewed = self._leases.write(self._path(name), body, lease)
            except Lost:
                continue
            if renewed.body.tied:
                self._keeper.keep(self._path(name), renewed.body.token, since)
            return renewed.lock(renewed.remaining())

    def release(self, name: str, holder: str, token: int | None) -> None:
        token = self.fences.get(name) if token is None else token
        lease = self._held(name, holder, token)
        self._writer.require_conditions()
        held = lease.body.token
        if self._writer.is_in_block:
            self._end_after_block(name, held)
        else:
            self._end(name, held)

    def break_lock(self, name: str, record: Callable[[Lock], None]) -> Lock:
        """Take a lock away. ``record`` writes the break into the store, with the floor of its tokens."""
        while True:
            lease = self._current(name)
            remaining = lease.remaining() if lease else 0.0
            if lease is None or not remaining:
                raise lock_rules.not_held(name)
            self._writer.require_conditions()
            broken = lease.lock(remaining)
            if self._writer.is_in_block:
                record(broken)
                self._end_after_block(name, broken.token)
            elif self._end(name, broken.token, unmarked=True):
                record(broken)
            else:
                continue
            return broken

    def lock(self, name: str) -> Lock | None:
        lease = self._current(name)
        remaining = lease.remaining() if lease else 0.0
        return lease.lock(remaining) if lease and remaining else None

    def locks(self) -> list[Lock]:
        found = []
        for meta in self._bucket.listed(self._folder):
            path = meta["path"]
            lease = self._bodies.get(path)
            if lease is None or lease.etag != meta["e_tag"]:
                lease = self._leases.read(path)
            if lease is None:
                continue
            self._bodies[path] = lease
            remaining = lease.remaining()
            if remaining and self._released.get(lease.body.name) != lease.body.token:
                found.append(lease.lock(remaining))
        return sorted(found, key=lambda lock: lock.name.encode("utf-8", "surrogatepass"))

    def history(self, name: str | None, limit: int) -> list[LockUse]:
        """See :class:`sloth_tui.store.port.Locks`. Each lock has its own log, so that of all is put
        together."""
        if name is not None:
            lease = self._read(name)
            bodies = [lease.body] if lease else []
        else:
            paths = [meta["path"] for meta in self._bucket.listed(self._folder)]
            bodies = [lease.body for path in paths if (lease := self._leases.read(path)) is not None]
        return lock_log.history(bodies, self.lock, self._leases.clock.wall(), limit)

    def check_fences(self) -> None:
        """Raise LockLost unless every fenced lock is still held."""
        for name, token in self.fences.items():
            lease = self._read(name)
            if lease is None or not lease.body.held or lease.body.token != token or not lease.remaining():
                raise lost(name, lease)
            if not self._keeper.is_sure(self._path(name), token):
                raise lock_rules.lost(name, lock_rules.EXPIRED)

    def _grant(self, name: str, holder: str, seconds: float, before: Lease | None, *, tied: bool) -> Lock:
        path, since = self._path(name), time.monotonic()
        self._writer.require_conditions()
        token = (before.body.token if before else self._writer.floor(name)) + 1
        body = self._leases.begun(name, holder, token, seconds, tied=tied)
        body = body._replace(
            log=lock_log.begun(before.body.log if before else (), body, self._writer.origin())
        )
        lease = self._leases.write(path, body, before)
        if before is not None and (before.body.held or before.body.unmarked):
            # Whoever held it may be writing just now: after this, no such write passes any more.
            self._writer.raise_floor(name, token)
        if tied:
            self._keeper.keep(path, token, since)
        return lease.lock(lease.remaining())

    def _end_after_block(self, name: str, token: int) -> None:
        """Have a lock free for this handle at once, and for all if the transaction under way ends well."""
        self._released[name] = token
        self._writer.after_block(lambda: self._end(name, token), lambda: self._released.pop(name, None))

    def _end(self, name: str, token: int, *, unmarked: bool = False) -> bool:
        """Free a lock; return False if it is not held under this token any more. ``unmarked``: see
        :class:`Body`."""
        path = self._path(name)
        self._keeper.let_go(path, token)
        while True:
            lease = self._leases.read(path)
            if lease is None or not lease.body.held or lease.body.token != token:
                return False
            now = self._leases.clock.wall()
            log = lock_log.ended(lease.body, self._writer.origin(), now, broken=unmarked)
            gone = lease.body._replace(held=False, nonce=new_nonce(), unmarked=unmarked, log=log)
            try:
                self._leases.write(path, gone, lease)
            except Lost:
                continue
            return True

    def _held(self, name: str, holder: str, token: int | None) -> Lease:
        """Return the lease of ``holder``. Raises LockLost if there is none, or under another token."""
        lease = self._current(name)
        if lease is None or not lease.body.held or not lease.remaining() or lease.body.holder != holder:
            raise lost(name, lease)
        if token is not None and lease.body.token != token:
            raise lost(name, lease)
        return lease

    def _current(self, name: str) -> Lease | None:
        """Return the lease; None if the transaction under way released it."""
        lease = self._read(name)
        return None if lease and self._released.get(name) == lease.body.token else lease

    def _read(self, name: str) -> Lease | None:
        return self._leases.read(self._path(name))

    def _path(self, name: str) -> str:
        return f"{self._folder}/{object_name(name)}"

    def _refuse_read_only(self) -> None:
        if self._writer.read_only:
            raise NotWritable(f"{self._writer.location}: read-only")


def lost(name: str, lease: Lease | None) -> LockLost:
    """Return the error that tells who holds the lock now, if anyone."""
    if lease is None or not lease.body.held:
        found = lock_rules.NOBODY
    elif not lease.remaining():
        found = lock_rules.EXPIRED
    else:
        found = lock_rules.another(lease.body.holder)
    return lock_rules.lost(name, found)
