"""The gate: the lock of the writer that is inside a transaction. Nobody else may commit meanwhile.

Who has waited for a while says so in the gate itself. Whoever finds that of another in an open gate lets him
go first, for a moment: else one machine that writes again and again would leave the others no chance.
"""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from random import random

from sloth_tui.errors import DatabaseUnusable
from sloth_tui.store.lock_rules import MAX_LEASE_SECONDS
from sloth_tui.store.s3.client.objects import Lost
from sloth_tui.store.s3.copies.host_copy import BUSY_SECONDS
from sloth_tui.store.s3.leases.leases import new_nonce

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.store.s3.leases.keeping import Keeper
    from sloth_tui.store.s3.leases.leases import Lease, Leases

_PAUSE_SECONDS, _JITTER_SECONDS = 0.03, 0.06
_NAME = "transaction"
_NEXT_PAUSE_SECONDS = 0.015
"""Pause of the one who goes next."""
_QUIET_SECONDS = 0.2
"""How long a writer waits before he says so: each word costs a request."""
_YIELD_SECONDS = 1.0
"""How long another one is let go first, who may have given up."""


class _Yielding:
    """Who was seen to wait in the gate, and since when."""

    def __init__(self, me: str) -> None:
        self._me = me
        self._to = ""
        self._since = 0.0

    def to(self, lease: Lease) -> bool:
        """Return True if another one waits in the open gate, who is to go first."""
        waiting = _waiting(lease)
        if waiting in ("", self._me):
            return False
        if waiting != self._to:
            self._to, self._since = waiting, time.monotonic()
        return time.monotonic() - self._since < _YIELD_SECONDS


def _waiting(lease: Lease) -> str:
    """Return who said last that he waits; empty if nobody has since the gate was taken."""
    return lease.body.holder.partition(" ")[2]


class Gate:
    """The gate of one agent's store."""

    def __init__(self, path: str, leases: Leases, keeper: Keeper, location: str) -> None:
        self._path = path
        self._leases = leases
        self._keeper = keeper
        self._location = location

    def is_held(self, token: int) -> bool:
        """Return True if the writer that got this token is still inside."""
        lease = self._leases.read(self._path)
        return lease is not None and lease.body.token == token and lease.remaining() > 0

    @contextmanager
    def held(self) -> Iterator[int]:
        """Hold the gate; give its token. Raises DatabaseUnusable after a minute in vain."""
        token = self._acquire()
        try:
            yield token
        finally:
            self._let_go(token)

    def _acquire(self) -> int:
        began, me = time.monotonic(), new_nonce()
        end, yielding = began + BUSY_SECONDS, _Yielding(me)
        while True:
            since, lease = time.monotonic(), self._leases.read(self._path)
            if lease is None or (not lease.remaining() and not yielding.to(lease)):
                token = (lease.body.token if lease else 0) + 1
                body = self._leases.begun(_NAME, _NAME, token, MAX_LEASE_SECONDS, tied=True)
                try:
                    self._leases.write(self._path, body, lease)
                except Lost:
                    continue
                self._keeper.keep(self._path, token, since)
                return token
            if since - began > _QUIET_SECONDS and not _waiting(lease):
                with suppress(Lost):
                    body = lease.body._replace(holder=f"{_NAME} {me}", nonce=new_nonce())
                    self._leases.write(self._path, body, lease)
            if since > end:
                owner = lease.owner()
                raise DatabaseUnusable(
                    f"{self._location}: busy for {BUSY_SECONDS:g} s",
                    hint=f"process {owner.pid} on {owner.host} is inside a transaction; try again later",
                )
            pause = _PAUSE_SECONDS + _JITTER_SECONDS * random()  # noqa: S311  # not for security
            time.sleep(_NEXT_PAUSE_SECONDS if _waiting(lease) == me else pause)

    def _let_go(self, token: int) -> None:
        self._keeper.let_go(self._path, token)
        while True:
            lease = self._leases.read(self._path)
            if lease is None or not lease.body.held or lease.body.token != token:
                return
            try:
                self._leases.write(self._path, lease.body._replace(held=False, nonce=new_nonce()), lease)
            except Lost:
                continue
            return
