"""The backends that must keep what the port promises. A new one is added to ``BACKENDS``."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

import pytest

from sloth_tui.store.clock import SYSTEM_CLOCK, Clock
from sloth_tui.store.sqlite.engine.database import Database
from sloth_tui.store.sqlite.store import SqliteStore
from tests.store.manual_clock import ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sloth_tui.store.port import Store


class OpenStore(Protocol):
    """A handle on the one store of a test; each call opens another, closed when the test ends."""

    def __call__(self, *, clock: Clock = SYSTEM_CLOCK, read_only: bool = False) -> Store: ...


def open_sqlite(directory: Path, clock: Clock, read_only: bool) -> Store:
    return SqliteStore("agent", Database(str(directory / "agent.db"), read_only=read_only, clock=clock))


BACKENDS: dict[str, Callable[[Path, Clock, bool], Store]] = {"sqlite": open_sqlite}


@pytest.fixture(params=sorted(BACKENDS))
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenStore]:
    open_backend = BACKENDS[request.param]
    with ExitStack() as handles:

        def opened(*, clock: Clock = SYSTEM_CLOCK, read_only: bool = False) -> Store:
            return handles.enter_context(open_backend(tmp_path, clock, read_only))

        yield opened


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store(open_store: OpenStore, clock: ManualClock) -> Store:
    return open_store(clock=clock)


@pytest.fixture
def other(open_store: OpenStore, clock: ManualClock) -> Store:
    """A second handle on the same store."""
    return open_store(clock=clock)
