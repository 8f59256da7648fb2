"""The dock: one place at the bottom, a tab for each of its panes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.settings import Settings
from sloth_tui.tui.app import SlothApp
from sloth_tui.tui.browser.screen import BrowserScreen
from sloth_tui.tui.widgets.choices import Choices
from sloth_tui.tui.widgets.dock.dock import Dock
from sloth_tui.tui.widgets.key_table.key_table import KeyTable
from tests.tui.driving import running, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.tui.driving import Driver

pytestmark = pytest.mark.slow


async def click_tab(app: Driver, name: str) -> None:
    dock = app.find(Dock)
    line = app.text().split("\n")[dock.region.y]
    assert await app.pilot.click(offset=(line.index(name) + 1, dock.region.y))


async def test_tabs_have_counts_and_are_chosen_by_number_and_click(believable: Path) -> None:
    async with running() as app:
        await app.sees("4 Locks 1 · 5 Stats ")
        await app.sees("· 6 Log")
        await app.sees("task-123")
        await app.press("5")
        await app.loses("task-123")
        await app.sees("revision")
        await click_tab(app, "Run")
        await app.sees("r chooses a Lua file")
        assert app.browser.current == "run"
        await click_tab(app, "Log")
        await app.sees("what was done")
        await app.press("2")
        await until(lambda: app.browser.current == "keys")
        assert app.find(Dock).tab == "log"


async def test_a_pane_that_is_empty_has_the_focus(base: Path) -> None:
    async with running() as app:
        await app.press("4")
        await app.sees("No lock is held.")
        await until(lambda: app.app.focused is app.find(Choices, "#lock-list"))
        await app.press("6")
        await app.sees("Nothing has been changed yet.")
        await until(lambda: app.app.focused is app.find(Choices, "#log-list"))
        await app.press("question_mark")
        await app.sees("closes")
        await app.press("escape")
        await app.loses("closes")
        assert app.browser.current == "log"


async def test_a_pane_that_is_shown_before_anything_is_in_it_gets_the_focus_then(
    believable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[BrowserScreen] = []

    def hold(screen: BrowserScreen) -> None:
        held.append(screen)

    with monkeypatch.context() as patched:
        patched.setattr(BrowserScreen, "_load_panes_soon", hold)
        app = SlothApp("local", Settings(motion=False), read_only=False)
        async with app.run_test(size=(120, 40)) as pilot:
            await until(lambda: held and held[0].query_one(KeyTable).count)
            await pilot.press("6", "j")
            assert held[0].query_one(KeyTable).cursor == 0
            patched.undo()
            held[0]._load_panes_soon()
            await until(lambda: held[0].panes_loaded)
            await until(lambda: app.focused is held[0].query_one("#log-list"))
