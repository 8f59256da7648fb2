"""Names that try to break the screen, in what the Run view says of a run."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from sloth_tui.model import Lock
from sloth_tui.runner.events import RunFinished, RunStarted, TaskFinished, TaskOutput, TaskStarted
from sloth_tui.runner.protocol import public_line
from sloth_tui.runs.model import Run
from sloth_tui.tui.run_screen.live.status import locks_line, name_of, status_of
from sloth_tui.tui.run_screen.live.switcher import RunSwitcher
from sloth_tui.tui.run_screen.live.task_table import TaskTable
from sloth_tui.tui.services.runs.watched import WatchedRun
from tests.tui.driving import running, until
from tests.tui.run_screen.runs import live, opened
from tests.tui.state import HOSTILE

if TYPE_CHECKING:
    from pathlib import Path

    from sloth_tui.runner.events import RunEvent

pytestmark = pytest.mark.slow


def told(text: str) -> WatchedRun:
    """A run in which every name is this text."""
    run = Run("0123456789ab", f"/x/{text}", text, None, False, (), text, text, "/x", time.time())
    watched = WatchedRun(run, lambda key: False)
    events: list[RunEvent] = [
        RunStarted(run.id, text, text, [text, "other"], 0.0, hosts={text: [text, "local"]}),
        TaskStarted(text, 0.0, text),
        TaskOutput(text, "stdout", text, text),
        TaskFinished(text, "failed", 1.0, 1, text, text, text),
        RunFinished(run.id, "failed", 20, 1.0, text, text),
    ]
    watched.progress.add([public_line(event).rstrip(b"\n") for event in events])
    return watched


def is_harmless(text: str) -> bool:
    return not any(ord(character) < 32 or 0x7F <= ord(character) < 0xA0 for character in text)


async def test_they_are_drawn_harmless_on_their_lines(believable: Path) -> None:
    async with running(size=(80, 24)) as app:
        await opened(app)
        await app.press("2")
        table, switcher = live(app).query_one(TaskTable), live(app).query_one(RunSwitcher)
        live(app).remove_class("nothing")
        await until(lambda: table.size.height)
        for text in HOSTILE:
            run = told(text)
            table.show(run)
            for y in range(4):
                strip = table.render_line(y)
                assert strip.cell_length == table.size.width
                assert is_harmless(strip.text), text
            switcher.show([run, run], run.id)
            lock = Lock(text, text, 1, None, 0.0, 5.0, None, False, None)
            lines = (status_of(run, time.time()), switcher.render(), locks_line([lock], 0.0))
            assert all(is_harmless(line.plain) for line in lines), text
            assert is_harmless(name_of(run))
            assert is_harmless(run.progress.last_line(text, text))
