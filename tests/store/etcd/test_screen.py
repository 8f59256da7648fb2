"""The terminal UI on etcd, on a real terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.store.etcd.opening import open_store
from tests.tui.test_terminal import Terminal

if TYPE_CHECKING:
    from tests.servers.etcd import Etcd

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_changes_of_others_and_a_server_that_stops_and_comes_back(etcd: Etcd) -> None:
    address = etcd.address("shop")
    with open_store(address, "local", "write") as other:
        other.set_many({"app:name": "shop", "app:size": 3})
    terminal = Terminal(size=(120, 30), SLOTH_RUNNER_STORE=address)
    terminal.sees("app:size")
    terminal.sees("● live")
    terminal.sees("etcd://127.0.0.1:")
    with open_store(address, "local", "write") as other:
        other.set("app:new", "of another")
    terminal.sees("of another")
    with open_store(address, "web", "write") as other:
        other.set("page", "index")
    terminal.sees("web")
    (member,) = etcd.members
    member.kill()
    terminal.sees("✗ no answer")
    etcd.start()
    with open_store(address, "local", "write") as other:
        other.set("app:late", "after it")
    terminal.sees("after it")
    terminal.sees("● live")
    terminal.process.send("q")
    terminal.ends(0)
    assert terminal.is_restored()
