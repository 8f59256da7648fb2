"""Copy and move to other keys and agents, search over agents, and the history of locks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from textual.widgets import Input

from sloth_tui.store import open_store
from sloth_tui.tui.browser.controllers.moving import common_beginning
from sloth_tui.tui.browser.screen import BrowserScreen
from sloth_tui.tui.dialogs.confirm import ConfirmScreen
from sloth_tui.tui.dialogs.lock_history import LockHistoryScreen
from sloth_tui.tui.dialogs.relocate import RelocateScreen
from sloth_tui.tui.dialogs.search import SearchScreen
from tests.tui.driving import running, until
from tests.tui.test_changes import closed, opened

if TYPE_CHECKING:
    from pathlib import Path

    from tests.tui.driving import Driver

pytestmark = pytest.mark.slow


def state(agent: str = "local") -> dict[str, object]:
    with open_store(agent) as store:
        return dict(store.items())


def fill(agent: str = "local", **values: str | int) -> None:
    with open_store(agent, "write") as store:
        store.set_many({key.replace("_", ":"): value for key, value in values.items()})


async def typed(app: Driver, field: str, text: str) -> None:
    app.on_top(Input, field).focus()
    app.on_top(Input, field).value = text


def test_what_marked_keys_begin_with() -> None:
    assert common_beginning(["app:web:port", "app:web:host"]) == "app:web:"
    assert common_beginning(["a:x1", "a:x2"]) == "a:"
    assert common_beginning(["/etc/a", "/etc/b"]) == "/etc/"
    assert common_beginning(["one"]) == common_beginning(["one", "two"]) == ""


async def test_a_key_and_marked_keys_are_moved_and_taken_back(base: Path) -> None:
    fill(a_x="one", a_y="two", b_x="other", c=3)
    async with running() as app:
        await app.goes_to("c")
        app.browser.perform("move_entries")
        await opened(app, RelocateScreen)
        await app.sees("Move 'c' to")
        await app.press("enter")
        await app.sees("✗ it is there already")
        await typed(app, "#target", "d")
        await app.press("enter")
        await until(lambda: app.toasts and app.toasts[-1] == "moved 1 key to d · u to undo")
        assert state() == {"a:x": "one", "a:y": "two", "b:x": "other", "d": 3}
        await until(lambda: app.table.key == "d")

        await app.goes_to("a:x")
        await app.press("space", "space")  # it goes on to the next one
        app.browser.perform("move_entries")
        await opened(app, RelocateScreen)
        await app.sees("Move 2 keys to")
        await typed(app, "#target", "b:")
        await app.press("enter")
        await opened(app, ConfirmScreen)
        await app.sees("key 'b:x' has another value there already")
        await app.press("right", "enter")
        await until(lambda: app.toasts[-1] == "moved 2 keys to b: · u to undo")
        assert state() == {"b:x": "one", "b:y": "two", "d": 3}
        await app.press("u")
        await until(lambda: state() == {"a:x": "one", "a:y": "two", "b:x": "other", "d": 3})


async def test_a_node_of_the_tree_is_copied_to_an_agent_that_is_made(base: Path) -> None:
    fill(a_x="one", a_y="two", b=3)
    async with running() as app:
        await app.press("T")
        await until(lambda: app.browser.context.node == "a:")
        app.browser.perform("copy_entries")
        await opened(app, RelocateScreen)
        await app.sees("Copy the keys that begin with 'a:' to")
        await typed(app, "#to-agent", "../x")
        await app.press("enter")
        await app.sees("✗ ")
        await typed(app, "#to-agent", "fresh")
        await app.sees("there is no agent fresh yet: it will be made")
        await app.press("enter")
        await until(lambda: app.toasts and app.toasts[-1] == "copied 2 keys to agent fresh")
    assert state("fresh") == {"a:x": "one", "a:y": "two"}
    assert len(state()) == 3


async def test_search_finds_in_every_agent_masks_secrets_and_goes_there(base: Path) -> None:
    fill(a="nothing", note="first\nsecond with [b]needle[/b] \x1b[31m", db_password="needle-secret")
    fill("other", needle="2", z="1")
    async with running() as app:
        await app.press("F")
        await opened(app, SearchScreen)
        await app.press(*"needle")
        await app.sees("3 entries")
        await app.sees("2: second with [b]needle[/b] ␛[31m")
        assert "needle-secret" not in app.text()
        await app.press("ctrl+t")
        await app.sees("2 entries")
        await app.press("ctrl+t")
        await app.sees("3 entries")
        await app.press("down", "down", "enter")
        await until(lambda: isinstance(app.app.screen, BrowserScreen))
        await until(lambda: app.browser.services.agent == "other" and app.table.key == "needle")
        await app.press("F")
        await opened(app, SearchScreen)
        await app.press(*"nothing", "enter")  # before the answer is there
        await until(lambda: app.browser.services.agent == "local" and app.table.key == "a")
        await app.press("F")
        await opened(app, SearchScreen)
        await app.press(*"not to be found")
        await app.sees("0 entries")
        await app.press("enter", "escape")
        await closed(app)


async def test_the_history_of_a_lock_says_who_held_it_and_how_it_ended(base: Path) -> None:
    with open_store("local", "write") as store:
        store.acquire("deploy", "ci\x1b[31m", 300)
        store.break_lock("deploy")
        store.acquire("deploy", "night", 300)
        store.renew("deploy", "night", 300)
    async with running() as app:
        await app.sees("4 Locks 1")
        await app.press("4", "H")
        await opened(app, LockHistoryScreen)
        await app.sees("held      night · token 2")
        await app.sees("renewed 1 time")
        await app.sees("broken    ci␛[31m · token 1")
        await app.press("escape")
        await closed(app)


async def test_without_a_lock_the_history_of_all_is_shown_and_readers_change_nothing(base: Path) -> None:
    fill(a=1)
    async with running(read_only=True) as app:
        app.browser.perform("lock_history")
        await until(lambda: app.toasts and app.toasts[-1] == "no acquisition is known")
        app.browser.perform("copy_entries")
        await until(lambda: app.toasts[-1].startswith("read-only: nothing was changed"))
        with open_store("local", "write") as store:
            store.acquire("gone", "x", 300)
            store.release("gone", "x")
        app.browser.perform("lock_history")
        await opened(app, LockHistoryScreen)
        await app.sees("released  gone · x · token 1")
