"""Prefixes of the tests' own, on servers that they share where they do nothing to them."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

import pytest

from sloth_tui.settings import Settings
from sloth_tui.store.etcd import session
from sloth_tui.store.etcd.opening import open_store
from tests.servers.etcd import Etcd, needs_etcd
from tests.support import A_MINUTE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sloth_tui.store.etcd.store import EtcdStore


class OpenStore(Protocol):
    """A handle on the one store of a test; each call opens another, closed when the test ends."""

    def __call__(self, settings: Settings | None = None) -> EtcdStore: ...


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(__file__.rpartition("/")[0]):
            item.add_marker(needs_etcd)
            if "gateway-request" in item.name:
                # What did not reach the server differs little from one encoding to the other.
                item.add_marker(pytest.mark.proof)
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def prefix() -> str:
    """A prefix that nobody else uses."""
    return f"shop-{uuid4().hex}"


@pytest.fixture
def address(shared_etcd: Etcd, prefix: str) -> str:
    """The address of an empty store on the shared server."""
    return shared_etcd.address(prefix)


@pytest.fixture
def place(shared_etcd: Etcd) -> Callable[[], str]:
    """Returns the address of another store, which is empty, at each call."""
    return lambda: f"{shared_etcd.address('shop')}/{uuid4().hex}"


@pytest.fixture
def open_etcd(address: str) -> Iterator[OpenStore]:
    with ExitStack() as handles:

        def opened(settings: Settings | None = None) -> EtcdStore:
            store = open_store(address, "agent", "write", settings=lambda: settings or Settings())
            store._session.patience = A_MINUTE  # others may want the processors
            return handles.enter_context(store)

        yield opened


@pytest.fixture
def etcd() -> Iterator[Etcd]:
    """A server for this test alone, which may be killed."""
    with Etcd() as etcd:
        yield etcd


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up a server that does not answer sooner than the program does."""
    monkeypatch.setattr(session, "FIRST_PATIENCE_SECONDS", 0.3)
