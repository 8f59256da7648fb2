"""One store of each backend, and what moves the time by which its locks are measured."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

import pytest

from sloth_tui.store.clock import SYSTEM_CLOCK, Clock
from tests.store.conformance.backends import BACKENDS, Backend
from tests.store.manual_clock import ManualClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sloth_tui.store.port import Store


class OpenStore(Protocol):
    """A handle on the one store of a test; each call opens another, closed when the test ends."""

    def __call__(self, *, clock: Clock = SYSTEM_CLOCK, read_only: bool = False) -> Store: ...


class LetPass(Protocol):
    """Advance the clock that measures leases by a number of seconds."""

    def __call__(self, seconds: float) -> None: ...


@pytest.fixture(params=sorted(BACKENDS))
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    made = BACKENDS[request.param](str(tmp_path))
    if request.node.get_closest_marker("machine_clock") and not made.machine_clock:
        pytest.skip(f"{request.param} does not measure leases by the machine's clock")
    return made


@pytest.fixture
def open_store(backend: Backend) -> Iterator[OpenStore]:
    address = backend.fresh()
    with ExitStack() as handles:

        def opened(*, clock: Clock = SYSTEM_CLOCK, read_only: bool = False) -> Store:
            return handles.enter_context(backend.open(address, clock, read_only))

        yield opened


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def let_pass(backend: Backend, clock: ManualClock) -> LetPass:
    return lambda seconds: backend.let_pass(clock, seconds)


@pytest.fixture
def store(open_store: OpenStore, clock: ManualClock) -> Store:
    return open_store(clock=clock)


@pytest.fixture
def other(open_store: OpenStore, clock: ManualClock) -> Store:
    """A second handle on the same store."""
    return open_store(clock=clock)
