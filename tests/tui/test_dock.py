"""The dock: one place at the bottom, a tab for each of its panes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.tui.widgets.choices import Choices
from sloth_tui.tui.widgets.dock import Dock
from tests.tui.driving import running, until
from tests.tui.state import elsewhere

if TYPE_CHECKING:
    from pathlib import Path

    from tests.tui.driving import Driver


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


async def test_a_pane_that_is_shown_empty_gets_the_focus_as_soon_as_there_is_something(base: Path) -> None:
    async with running() as app:
        await app.press("4")
        await app.sees("No lock is held.")
        await until(lambda: app.app.focused is None)
        await app.press("j")
        assert app.browser.current == "locks"
        elsewhere("open_store('local', 'write').__enter__().acquire('deploy', 'somebody', 60)")
        await app.sees("somebody")
        await until(lambda: app.app.focused is app.find(Choices, "#lock-list"))
