"""A store on etcd, by the server of the conformance suite."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

import pytest

from sloth_tui.settings import Settings
from sloth_tui.store.etcd.opening import open_store
from tests.store.conformance.backends import BACKENDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.store.etcd.store import EtcdStore


class OpenStore(Protocol):
    """A handle on the one store of a test; each call opens another, closed when the test ends."""

    def __call__(self, settings: Settings | None = None) -> EtcdStore: ...


@pytest.fixture
def address() -> str:
    if "etcd" not in BACKENDS:
        pytest.skip("no etcd is named")
    return BACKENDS["etcd"]("").fresh()


@pytest.fixture
def open_etcd(address: str) -> Iterator[OpenStore]:
    with ExitStack() as handles:

        def opened(settings: Settings | None = None) -> EtcdStore:
            store = open_store(address, "agent", "write", settings=lambda: settings or Settings())
            return handles.enter_context(store)

        yield opened
