"""The run screen: its views, its keys, and the way there and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.tui.browser.screen import BrowserScreen
from sloth_tui.tui.dialogs.help import HelpScreen
from sloth_tui.tui.run_screen.screen import RunScreen
from tests.tui.driving import running, until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


async def test_it_opens_and_its_views_are_chosen_by_keys_and_clicks(believable: Path) -> None:
    async with running(size=(80, 24)) as app:
        await app.press("r")
        await until(lambda: isinstance(app.app.screen, RunScreen))
        await app.sees("1 Files  2 Run  3 History")
        screen = app.app.screen
        assert isinstance(screen, RunScreen)
        assert screen.current == "files"
        for key, view in (("3", "kept"), ("2", "live"), ("1", "files")):
            await app.press(key)
            assert screen.current == view
            assert screen.query_one(f"#{view}").display
        await app.pilot.click("#runs-tabs", offset=(12, 0))
        await until(lambda: screen.current == "live")
        await app.press("question_mark")
        await until(lambda: isinstance(app.app.screen, HelpScreen))
        await app.sees("Run what failed")
        assert "Mark this key" not in app.text()
        await app.press("escape")
        await until(lambda: app.app.screen is screen)
        await app.press("escape")
        await until(lambda: isinstance(app.app.screen, BrowserScreen))
        await app.press("r", "q")
        await until(lambda: isinstance(app.app.screen, BrowserScreen))


async def test_its_palette_reaches_the_browser_and_the_browsers_does_not_offer_its_actions(
    believable: Path,
) -> None:
    async with running() as app:
        await app.press("ctrl+p")
        await app.press(*"run")
        await app.sees("Choose a Lua file to run")
        assert "Run the same once more" not in app.text()
        await app.press("escape")
        await app.press("r", "ctrl+p")
        await app.press(*"stats")
        await app.picks("Go to stats")
        await until(lambda: isinstance(app.app.screen, BrowserScreen))
        await until(lambda: app.browser.current == "stats")
