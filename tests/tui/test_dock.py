"""The dock: one place at the bottom, a tab for each of its panes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.tui.widgets.dock import Dock
from tests.tui.driving import running, until

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
