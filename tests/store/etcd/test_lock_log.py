"""The log of locks on etcd forgets its oldest entries, and survives answers that are lost."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_store
from sloth_tui.store.etcd.locks import lock_log
from tests.servers.etcd import needs_etcd

if TYPE_CHECKING:
    from tests.servers.etcd import Etcd

pytestmark = [pytest.mark.slow, needs_etcd]


@pytest.mark.parametrize("brief", [False, True])
def test_the_oldest_acquisitions_are_forgotten(
    shared_etcd: Etcd, monkeypatch: pytest.MonkeyPatch, brief: bool
) -> None:
    monkeypatch.setattr(lock_log, "_KEPT", 5)
    monkeypatch.setattr(lock_log, "_ONE_IN", 1)
    address = shared_etcd.address(f"log-{os.getpid()}-{brief}")
    with open_store("local", "write", address=address, brief=brief) as store:
        for number in range(9):
            store.acquire("x", str(number), 100)
            store.release("x", str(number))
        monkeypatch.setattr(lock_log, "_KEPT", 1000)
        assert [use.holder for use in store.lock_history()] == ["8", "7", "6", "5", "4"]
