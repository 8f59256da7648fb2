"""The backends that must keep what the port promises. A new one is added to ``BACKENDS``.

``SLOTH_TEST_STORE=ADDRESS`` points the tests at a server that runs already, instead of all of them: each test
makes a store of its own under that address and leaves it there.
"""

from __future__ import annotations

import os
import time
from importlib import import_module
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol
from uuid import uuid4

from sloth_tui.store.clock import SYSTEM_CLOCK
from sloth_tui.store.sqlite.engine.database import Database
from sloth_tui.store.sqlite.store import SqliteStore
from tests.ciphers import HAS_CIPHERS
from tests.servers import etcd, radosgw, s3
from tests.support import A_MINUTE, rounds

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

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

    @property
    def remote(self) -> bool:
        """True if every call travels to a server: what writes tens of thousands of entries takes a twentieth
        of them but in ``make proof``."""

    @property
    def lease_seconds(self) -> float:
        """Seconds of a lease whose end a test waits for: as few as the server grants, and still more than a
        busy machine sleeps between two calls."""

    def fresh(self) -> str:
        """The address of a new store, which is empty."""

    def open(self, address: str, clock: Clock, read_only: bool) -> Store:
        """Another handle on the store at an address."""

    def open_by(self, address: str, clock: Clock, read_only: bool) -> Store:
        """Like :meth:`open`; by this clock entries live, whatever measures leases."""

    def discard(self, address: str) -> None:
        """Give back what the store takes up, where that matters. All its handles are closed."""

    def let_pass(self, clock: ManualClock, seconds: float) -> None:
        """Have leases measured by handles with this clock be so much older."""


class SqliteBackend:
    """Databases in a directory."""

    machine_clock = True
    has_files = True
    remote = False
    lease_seconds = 5.0

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._numbers = count(1)

    def fresh(self) -> str:
        return str(self._directory / f"agent-{next(self._numbers)}.db")

    def open(self, address: str, clock: Clock, read_only: bool) -> Store:
        return SqliteStore("agent", Database(address, read_only=read_only, clock=clock))

    def open_by(self, address: str, clock: Clock, read_only: bool) -> Store:
        return self.open(address, clock, read_only)

    def discard(self, address: str) -> None:
        for path in self._directory.glob(f"{Path(address).name}*"):
            path.unlink()

    def let_pass(self, clock: ManualClock, seconds: float) -> None:
        clock.advance(seconds)


class ServerBackend:
    """Stores under an address of a server, each with a prefix of its own. The server outlives them."""

    machine_clock = False
    has_files = False
    remote = True
    lease_seconds = 3.0

    def __init__(self, address: str, **options: object) -> None:
        """``options``: more of them for ``open_store`` of the backend."""
        self._place, mark, parameters = address.partition("?")
        self._parameters = mark + parameters
        self._options = options
        self._opening = import_module(f"{_package(address)}.opening")

    def fresh(self) -> str:
        return f"{self._place.rstrip('/')}/{uuid4().hex}{self._parameters}"

    def open(self, address: str, clock: Clock, read_only: bool) -> Store:
        return self.open_by(address, SYSTEM_CLOCK, read_only)

    def open_by(self, address: str, clock: Clock, read_only: bool) -> Store:
        # This agent can be read before there is anything of it.
        mode = "read" if read_only else "write"
        store: Store = self._opening.open_store(address, "local", mode, clock=clock, **self._options)
        return store

    def discard(self, address: str) -> None:
        """Nothing: the servers of the tests go with all they have."""

    def let_pass(self, clock: ManualClock, seconds: float) -> None:
        # Time cannot be moved there; a server may be a little late, and is never early.
        time.sleep(seconds)


class Choice(NamedTuple):
    """A backend by which tests are run."""

    make: Callable[[pytest.FixtureRequest], Backend]
    machine_clock: bool = False
    """See :attr:`Backend.machine_clock`; known before any server is started."""
    marks: tuple[pytest.MarkDecorator, ...] = ()
    """Why it may have to be skipped here."""
    telling: frozenset[str] | None = None
    """The modules, and the tests of others as ``module::test``, that ``make test`` runs by it, because they
    are about what is its own; None: all. ``make proof`` runs the others as well."""

    def tells(self, module: str, test: str) -> bool:
        return self.telling is None or not self.telling.isdisjoint((module, f"{module}::{test}"))


def _package(address: str) -> str:
    """Return the package of the backend that an address names."""
    scheme = address.partition("://")[0]
    return f"sloth_tui.store.{ {'etcds': 'etcd'}.get(scheme, scheme) }"


def _exists(package: str) -> bool:
    return find_spec(package) is not None and find_spec(f"{package}.opening") is not None


def _sqlite(request: pytest.FixtureRequest) -> Backend:
    return SqliteBackend(request.getfixturevalue("tmp_path"))


def _encrypted(request: pytest.FixtureRequest) -> Backend:
    """Like :func:`_sqlite`, where the settings say that new databases are encrypted."""
    base: Path = request.getfixturevalue("base")
    base.mkdir()
    (base / "config.toml").write_text("[encryption]\nnew_agents = true\n")
    (base / "state").mkdir()
    return SqliteBackend(base / "state")


def _etcd(request: pytest.FixtureRequest) -> Backend:
    return ServerBackend(_patient(request, "shared_etcd"))


def _etcd_by_gateway(request: pytest.FixtureRequest) -> Backend:
    """Like :func:`_etcd`, as short commands speak to it."""
    return ServerBackend(_patient(request, "shared_etcd"), brief=True)


def _etcd_of_wheel(request: pytest.FixtureRequest) -> Backend:
    return ServerBackend(_patient(request, "shared_etcd_of_wheel"))


def _patient(request: pytest.FixtureRequest, server: str) -> str:
    """The address of a store on this server, which is waited for while others want the processors."""
    patience = "sloth_tui.store.etcd.session.PATIENCE_SECONDS"
    request.getfixturevalue("monkeypatch").setattr(patience, A_MINUTE)
    address: str = request.getfixturevalue(server).address("conformance")
    return address


def _s3(server: str) -> Callable[[pytest.FixtureRequest], Backend]:
    """``server``: the fixture that has it."""

    def make(request: pytest.FixtureRequest) -> Backend:
        environment = request.getfixturevalue("monkeypatch")
        for name, value in s3.CREDENTIALS.items():
            environment.setenv(name, value)
        endpoint = request.getfixturevalue(server).endpoint
        return ServerBackend(f"s3://{s3.BUCKET}/conformance?endpoint={endpoint}&region=us-east-1")

    return make


def _choices() -> dict[str, Choice]:
    address = os.environ.get("SLOTH_TEST_STORE")
    if address:
        return {address.partition("://")[0]: Choice(lambda _: ServerBackend(address))}
    found = {"sqlite": Choice(_sqlite, machine_clock=True)}
    if HAS_CIPHERS:
        found["sqlite-encrypted"] = Choice(_encrypted, machine_clock=True)
    if _exists("sloth_tui.store.etcd"):
        found["etcd"] = Choice(_etcd, marks=(etcd.needs_etcd,))
        telling = frozenset(("test_entries", "test_fences"))
        found["etcd-gateway"] = Choice(_etcd_by_gateway, marks=(etcd.needs_etcd,), telling=telling)
        if rounds(0, 1):
            found["etcd-3.5"] = Choice(_etcd_of_wheel, marks=(etcd.needs("3.5"),))
    if _exists("sloth_tui.store.s3"):
        # The rest is SQLite's own code, on a copy.
        telling = frozenset(
            (
                "test_fences",
                "test_lock_history",
                "test_locks",
                "test_moving::test_a_lost_lock_keeps_the_store_empty",
                "test_moving::test_dump_is_of_one_moment",
                "test_moving::test_only_an_empty_store_is_loaded",
                "test_moving::test_progress_that_raises_leaves_nothing",
                "test_moving::test_undo_of_what_was_done_before_the_move",
                "test_transactions",
                "test_ttl",
            )
        )
        found["s3"] = Choice(_s3("shared_keeper"), telling=telling)
        if rounds(0, 1):
            found["s3-moto"] = Choice(_s3("shared_moto"), marks=(s3.needs_moto,))
            found["s3-radosgw"] = Choice(_s3("shared_radosgw"), marks=(radosgw.needs_radosgw,))
    return found


BACKENDS = _choices()
"""By name, as in the ids of tests."""
