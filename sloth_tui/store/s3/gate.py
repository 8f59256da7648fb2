"""The gate: the lock of the writer that is inside a transaction. Nobody else may commit meanwhile."""

from __future__ import annotations

import time
from contextlib import contextmanager
from random import random

from sloth_tui.errors import DatabaseUnusable
from sloth_tui.store.lock_rules import MAX_LEASE_SECONDS
from sloth_tui.store.s3.host_copy import BUSY_SECONDS
from sloth_tui.store.s3.leases import new_nonce
from sloth_tui.store.s3.objects import Lost

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.store.s3.keeping import Keeper
    from sloth_tui.store.s3.leases import Leases

_PAUSE_SECONDS, _JITTER_SECONDS = 0.03, 0.06
_NAME = "transaction"


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
        end = time.monotonic() + BUSY_SECONDS
        while True:
            since, lease = time.monotonic(), self._leases.read(self._path)
            if lease is None or not lease.remaining():
                token = (lease.body.token if lease else 0) + 1
                body = self._leases.begun(_NAME, _NAME, token, MAX_LEASE_SECONDS, tied=True)
                try:
                    self._leases.write(self._path, body, lease)
                except Lost:
                    continue
                self._keeper.keep(self._path, token, since)
                return token
            if time.monotonic() > end:
                owner = lease.owner()
                raise DatabaseUnusable(
                    f"{self._location}: busy for {BUSY_SECONDS:g} s",
                    hint=f"process {owner.pid} on {owner.host} is inside a transaction; try again later",
                )
            time.sleep(_PAUSE_SECONDS + _JITTER_SECONDS * random())  # noqa: S311  # not for security

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
