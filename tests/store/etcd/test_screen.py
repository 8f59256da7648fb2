"""The terminal UI on etcd, on a real terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.store.etcd import session
from sloth_tui.store.etcd.opening import open_store
from tests.store.etcd.faults import opened
from tests.support import sweep
from tests.tui.driving import running, until
from tests.tui.test_terminal import Terminal

if TYPE_CHECKING:
    from tests.servers.etcd import Etcd

pytestmark = [pytest.mark.long, pytest.mark.slow, pytest.mark.timeout(300)]


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


ASKED = {
    "agent": lambda app: app.browser.choose_agent("web"),
    "entry": lambda app: app.browser.go_to_key("app:size"),
    "refresh": lambda app: app.browser.perform("refresh"),
    "check": lambda app: app.browser.perform("check_store"),
}
"""What waits for a server that does not answer."""


@pytest.mark.parametrize("what", sweep(ASKED, ("agent", "check")))
async def test_it_can_be_left_while_the_server_is_silent(
    etcd: Etcd, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """It would be tried for hours."""
    address = etcd.address("shop")
    with opened(address) as other:
        other.set_many({"app:name": "shop", "app:size": 3})
    with open_store(address, "web", "write") as web:
        web.set("page", "index")
    monkeypatch.setenv("SLOTH_RUNNER_STORE", address)
    for name in ("ATTEMPT_SECONDS", "PATIENCE_SECONDS", "FIRST_PATIENCE_SECONDS", "_LIST_SECONDS"):
        monkeypatch.setattr(session, name, 10_000.0)
    (member,) = etcd.members
    try:
        async with running() as app:
            await app.sees("app:size")
            await app.sees("web")
            member.pause()
            ASKED[what](app)
            app.browser.perform("quit")
            await until(lambda: not app.app.is_running, what="it has ended")
    finally:
        member.go_on()
