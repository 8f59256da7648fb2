"""What others change waits while the screen is paused; what one changes oneself does not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from sloth_tui.tui.services.job import Job
from sloth_tui.tui.widgets.key_table.key_table import KeyTable
from sloth_tui.tui.widgets.title_bar import TitleBar
from tests.tui.driving import running
from tests.tui.state import ENTRIES, elsewhere

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


async def test_pausing_holds_the_changes_of_others_until_resumed(believable: Path) -> None:
    async with running() as app:
        await app.sees("● live")
        await app.press("p")
        await app.sees("‖ paused")
        elsewhere("open_store('local', 'write').__enter__().set('deployment:status', 'rolled back')")
        await app.sees("‖ paused · changes wait")
        assert "rolled back" not in app.text()
        # One's own are seen at once, with all that was changed before them.
        await asyncio.wrap_future(app.browser.services.jobs.delete(Job(), ["flag:enabled"]))
        await app.sees(f"{len(ENTRIES) - 1} keys")
        await app.sees("rolled back")
        elsewhere("open_store('local', 'write').__enter__().set('deployment:status', 'rolled again')")
        await app.sees("changes wait")
        await app.press("f5")
        await app.sees("rolled again")
        elsewhere("open_store('local', 'write').__enter__().set('deployment:status', 'rolled forward')")
        await app.sees("changes wait")
        bar = app.find(TitleBar)
        assert await app.pilot.click(offset=(bar.region.right - 5, 0))
        await app.sees("● live")
        await app.sees("rolled forward")
        assert app.find(KeyTable).count == len(ENTRIES) - 1
