"""Output for the run screen to show."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from sloth_tui.runner import events
from sloth_tui.runner.protocol import public_line
from sloth_tui.tui.run_screen.output.lines_view import LinesView
from sloth_tui.tui.run_screen.output.view import OutputView
from sloth_tui.tui.run_screen.screen import RunScreen
from sloth_tui.tui.services.run_output.buffer import OutputBuffer
from tests.tui.driving import running, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from sloth_tui.settings import Settings
    from tests.tui.driving import Driver


def out(
    text: str, *, task: str = "t", host: str | None = None, partial: bool = False, stream: str = "stdout"
) -> bytes:
    return public_line(events.TaskOutput(task, stream, text, host, partial))


def add_events(buffer: OutputBuffer, added: Iterable[events.RunEvent]) -> None:
    """Add events as they stand in the record of a run."""
    buffer.add(map(public_line, added))


_ACTS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def inspect(text: str) -> None:
    """Fail if a text on screen could act on a terminal."""
    found = _ACTS.search(text)
    assert found is None, f"{found.group()!r} in {text[max(found.start() - 40, 0) : found.end() + 40]!r}"


def filled(lines: int, buffer: OutputBuffer | None = None) -> OutputBuffer:
    """A buffer with so many lines ``line 1`` and so on."""
    buffer = buffer or OutputBuffer()
    start = buffer.end
    buffer.add(out(f"line {number}") for number in range(start + 1, start + lines + 1))
    return buffer


class Output:
    """The output in the Run view, and what is on screen of it."""

    def __init__(self, app: Driver, view: OutputView) -> None:
        self.app = app
        self.view = view
        self.lines = view.query_one(LinesView)

    def rows(self) -> list[str]:
        """The rows of text on screen, without blanks at their ends."""
        count = self.lines.size.height
        return ["".join(segment.text for segment in self.lines.render_line(y)).rstrip() for y in range(count)]

    def shown(self) -> list[str]:
        return [row.strip() for row in self.rows() if row.strip()]

    @property
    def cursor(self) -> str:
        line = self.lines.line
        return "" if line is None else line.text


@asynccontextmanager
async def showing(
    buffer: OutputBuffer | None, *, size: tuple[int, int] = (80, 24), settings: Settings | None = None
) -> AsyncIterator[Output]:
    """The run screen with this output, and the focus on it."""
    async with running(size=size, settings=settings) as app:
        await app.press("r", "2")
        await until(lambda: isinstance(app.app.screen, RunScreen) and app.app.screen.query("#live"))
        live = app.app.screen.query_one("#live")
        await until(lambda: live.is_mounted)
        live.remove_class("nothing")  # which hides the output as long as there is no run
        output = Output(app, live.query_one(OutputView))
        await until(lambda: output.lines.size.height > 0)
        output.view.show(buffer)
        output.lines.focus()
        await app.pilot.pause()
        yield output
