"""A store on a real etcd."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

import pytest

from sloth_tui.settings import Settings
from sloth_tui.store.etcd.opening import open_store
from tests.servers.fixtures import shared_etcd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sloth_tui.store.etcd.store import EtcdStore
    from tests.servers.etcd import Etcd

__all__ = ["shared_etcd"]


class OpenStore(Protocol):
    """A handle on the one store of a test; each call opens another, closed when the test ends."""

    def __call__(self, settings: Settings | None = None) -> EtcdStore: ...


@pytest.fixture
def place(shared_etcd: Etcd) -> Callable[[], str]:
    """Returns the address of another store, which is empty, at each call."""
    return lambda: f"{shared_etcd.address('shop')}/{uuid4().hex}"


@pytest.fixture
def address(shared_etcd: Etcd) -> str:
    """The address of a new store, which is empty."""
    return f"{shared_etcd.address('history')}/{uuid4().hex}"


@pytest.fixture
def open_etcd(address: str) -> Iterator[OpenStore]:
    with ExitStack() as handles:

        def opened(settings: Settings | None = None) -> EtcdStore:
            store = open_store(address, "agent", "write", settings=lambda: settings or Settings())
            return handles.enter_context(store)

        yield opened
