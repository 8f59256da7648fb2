"""The backends that must keep what the port promises. A new one is added to ``BACKENDS``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from sloth_tui.store.sqlite.engine.database import Database
from sloth_tui.store.sqlite.store import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.store.clock import Clock
    from sloth_tui.store.port import Store
    from tests.store.manual_clock import ManualClock


class Backend(Protocol):
    """Makes stores for tests, and says what holds of them beyond the port."""

    @property
    def machine_clock(self) -> bool:
        """True if the clock of the calling machine measures leases: tests marked ``machine_clock``,
        about exact moments, steps of the wall clock and reboots, are only then run."""

    @property
    def has_files(self) -> bool:
        """True if stats report the size of files."""

    def fresh(self) -> str:
        """The address of a new store, which is empty."""

    def open(self, address: str, clock: Clock, read_only: bool) -> Store:
        """Another handle on the store at an address."""

    def let_pass(self, clock: ManualClock, seconds: float) -> None:
        """Have leases measured by handles with this clock be so much older."""


class SqliteBackend:
    """Databases in a directory."""

    machine_clock = True
    has_files = True

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._stores = 0

    def fresh(self) -> str:
        self._stores += 1
        return os.path.join(self._directory, f"agent-{self._stores}.db")

    def open(self, address: str, clock: Clock, read_only: bool) -> Store:
        return SqliteStore("agent", Database(address, read_only=read_only, clock=clock))

    def let_pass(self, clock: ManualClock, seconds: float) -> None:
        clock.advance(seconds)


BACKENDS: dict[str, Callable[[str], Backend]] = {"sqlite": SqliteBackend}
"""By name; each is made with a directory for its files, which is removed afterwards."""
