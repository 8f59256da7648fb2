"""Runs on the run screen, for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.runner.request import RunRequest
from sloth_tui.tui.run_screen.output.view import OutputView
from sloth_tui.tui.run_screen.screen import RunScreen
from tests.tui.driving import until

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from sloth_tui.tui.run_screen.live.view import LiveView
    from sloth_tui.tui.services.runs.watched import WatchedRun
    from tests.tui.driving import Driver

WAITS = """
task({name = "waits", run = function()
    print("begun")
    cmd("until test -e " .. values.at .. "/go; do sleep 0.02; done")
    print("gone on")
end})
"""


async def opened(app: Driver) -> RunScreen:
    """The run screen, open."""
    await app.press("r")
    await until(lambda: isinstance(app.app.screen, RunScreen) and app.app.screen.is_mounted)
    screen = app.app.screen
    assert isinstance(screen, RunScreen)
    return screen


def live(app: Driver) -> LiveView:
    screen = app.app.screen
    assert isinstance(screen, RunScreen)
    return screen.live


def said(app: Driver) -> list[str]:
    """What the output of the run on screen says, whatever is selected of it."""
    buffer = live(app).query_one(OutputView).lines.buffer
    lines = buffer.lines(buffer.first, buffer.end)
    return ["".join(piece.text for piece in line.pieces) + line.text for line in lines]


async def runs(app: Driver, file: Path, text: str, **fields: Any) -> WatchedRun:
    """Start a file with this text as the Files view does, and wait until its run is on screen."""
    file.write_text(text)
    before = live(app).run
    fields = {"agent": "local", "grace": 600.0, **fields}
    screen = app.app.screen
    assert isinstance(screen, RunScreen)
    screen.ask(RunRequest(str(file), **fields), f"sloth-runner run {file}")
    return await another(app, before)


async def another(app: Driver, before: WatchedRun | None) -> WatchedRun:
    """Wait until another run than before is shown."""
    await until(lambda: live(app).run not in (None, before))
    run = live(app).run
    assert run is not None
    return run


async def ended(run: WatchedRun) -> None:
    await until(lambda: run.ended, what="the end of the run")
