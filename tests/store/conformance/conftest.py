"""One store of each backend, and what moves the time by which its locks are measured."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

import pytest

from sloth_tui.store.clock import SYSTEM_CLOCK, Clock
from tests.store.conformance.backends import BACKENDS, Backend
from tests.store.manual_clock import ManualClock
from tests.support import rounds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.store.port import Store


class OpenStore(Protocol):
    """A handle on the one store of a test; each call opens another, closed when the test ends."""

    def __call__(self, *, clock: Clock = SYSTEM_CLOCK, read_only: bool = False) -> Store: ...


class OpenTimed(Protocol):
    """The same, of a store whose entries live by the test's clock."""

    def __call__(self, *, read_only: bool = False) -> Store: ...


class LetPass(Protocol):
    """Advance the clock that measures leases by a number of seconds."""

    def __call__(self, seconds: float) -> None: ...


class Many(Protocol):
    """The number of entries to take instead of the many that find what few do not."""

    def __call__(self, number: int) -> int: ...


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test by each backend; one about the machine's clock only by those that measure leases by it."""
    if "backend" not in metafunc.fixturenames:
        return
    asks_machine = metafunc.definition.get_closest_marker("machine_clock") is not None
    backends = []
    for name, choice in BACKENDS.items():
        marks = [*choice.marks]
        if not choice.machine_clock:
            marks.append(pytest.mark.slow)
            module = metafunc.module.__name__.rpartition(".")[2]
            if not choice.tells(module, metafunc.definition.name):
                marks.append(pytest.mark.proof)
            if asks_machine:
                if "sqlite" in BACKENDS:
                    continue
                marks += [pytest.mark.skip(reason=f"{name} does not measure leases by the machine's clock")]
        backends.append(pytest.param(name, marks=marks))
    metafunc.parametrize("backend", backends, indirect=True)


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> Backend:
    return BACKENDS[request.param].make(request)


@pytest.fixture
def open_store(backend: Backend) -> Iterator[OpenStore]:
    address = backend.fresh()
    with ExitStack() as handles:
        handles.callback(backend.discard, address)

        def opened(*, clock: Clock = SYSTEM_CLOCK, read_only: bool = False) -> Store:
            return handles.enter_context(backend.open(address, clock, read_only))

        yield opened


@pytest.fixture
def open_timed(backend: Backend, clock: ManualClock) -> Iterator[OpenTimed]:
    """Like ``open_store``, but for entries that live by ``clock``, on every backend."""
    address = backend.fresh()
    with ExitStack() as handles:
        handles.callback(backend.discard, address)

        def opened(*, read_only: bool = False) -> Store:
            return handles.enter_context(backend.open_by(address, clock, read_only))

        yield opened


@pytest.fixture
def many(backend: Backend) -> Many:
    return lambda number: rounds(number // (20 if backend.remote else 8), number)


@pytest.fixture
def lease(backend: Backend) -> float:
    """Seconds for a lock that is to run out: what ``let_pass`` is then given."""
    return backend.lease_seconds


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
