"""The end of the program while runs go on: they stop with it, or are left, and found again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.runs.archive import Archive
from sloth_tui.tui.dialogs.leave_runs import LeaveRunsScreen
from sloth_tui.tui.messages import RunRequested
from tests.tui.driving import running, until
from tests.tui.run_screen.runs import WAITS, ended, live, opened, runs, said

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow


@pytest.fixture
def goes_on(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The values of a run that ends with the test, whatever happens."""
    yield {"at": str(tmp_path)}
    (tmp_path / "go").touch()


async def test_a_run_that_is_left_goes_on_and_is_found_and_stopped_by_the_next_session(
    believable: Path, tmp_path: Path, goes_on: dict[str, str]
) -> None:
    async with running(size=(80, 24)) as app:
        await opened(app)
        quick = await runs(
            app, tmp_path / "quick.lua", 'task({name = "t", run = function() print("hi") end})'
        )
        await ended(quick)
        run = await runs(app, tmp_path / "long.lua", WAITS, values=goes_on)
        await until(lambda: "  begun" in said(app))
        await app.press("ctrl+q")
        await until(lambda: isinstance(app.app.screen, LeaveRunsScreen))
        await app.sees(f"sloth-runner runs attach {run.id}")
        await app.press("escape")
        await until(lambda: not isinstance(app.app.screen, LeaveRunsScreen))
        await app.press("ctrl+q")
        await app.sees("Leave running")
        await app.press("right", "enter")
        await until(lambda: not app.app.is_running)
        (said_last,) = app.app._exit_renderables
    assert f"long.lua on local goes on:\n  sloth-runner runs attach {run.id}" in str(said_last)
    assert Archive().find(run.id).going

    async with running(size=(80, 24)) as app:
        await opened(app)
        await app.press("2")
        await app.sees("▶ running long.lua on local")
        await app.sees(f"started elsewhere, run {run.id[:4]}")
        await until(lambda: "  begun" in said(app))
        found = live(app).run
        assert found is not None
        assert not app.browser.services.running
        await app.press("a")
        await until(lambda: "was not started here" in app.toasts[-1])
        await app.press("S")
        await ended(found)
        await app.sees("✗ cancelled long.lua on local")
        # A run is shown by its id, from elsewhere too, and one that is not kept is said to be gone.
        app.browser.post_message(RunRequested(quick.id))
        await app.sees("✓ done quick.lua on local")
        await until(lambda: "  hi" in said(app))
        app.browser.post_message(RunRequested("0123456789ab"))
        await until(lambda: "0123456789ab" in app.toasts[-1])
        await app.press("ctrl+q")
        await until(lambda: not app.app.is_running)
