"""A dialog for long jobs: the progress, and a way to cancel."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Static

from sloth_tui.text import display_text, format_duration
from sloth_tui.tui.dialogs.dialog import Dialog
from sloth_tui.tui.services.job import Job

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from textual.app import App, ComposeResult
    from textual.binding import BindingType

T = TypeVar("T")

_DIALOG_AFTER_SECONDS = 0.3
"""A shorter job gets no dialog."""
_REDRAW_SECONDS = 0.1
_LINE_LIMIT = 200


async def run_with_progress(app: App[int], what: str, unit: str, begin: Callable[[Job], Future[T]]) -> T:
    """Start a job and return its result. If it takes a while, a dialog shows the progress and can cancel.

    ``what`` may be data, ``unit`` is a plural. Raises what the job raises, Interrupted if it was cancelled.
    """
    job = Job()
    result = asyncio.wrap_future(begin(job))
    # The waiting coroutine may be gone when the app exits; then the error is dropped.
    result.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    await asyncio.wait({result}, timeout=_DIALOG_AFTER_SECONDS)
    if not result.done():
        dialog = ProgressScreen(what, unit, job)
        await app.push_screen(dialog)
        try:
            await asyncio.wait({result})
        finally:
            if dialog.is_current:
                await dialog.dismiss()
    return await result


class ProgressScreen(Dialog[None]):
    """Stays until the job has ended; cancelling asks it to."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]

    def __init__(self, what: str, unit: str, job: Job) -> None:
        super().__init__()
        self._what = what
        self._unit = unit
        self._job = job

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog progress"):
            yield Static(Content(display_text(self._what, _LINE_LIMIT)), classes="question")
            yield Static(id="progress-bar")
            yield Static(id="progress-amount", classes="note")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel", compact=True)

    def on_mount(self) -> None:
        self.set_interval(_REDRAW_SECONDS, self._draw)
        self.call_after_refresh(self._draw)

    def action_cancel(self) -> None:
        self._job.cancel()
        self.query_one("#cancel", Button).disabled = True
        self._draw()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.action_cancel()

    def _draw(self) -> None:
        job = self._job
        if job.cancelled:
            job.cancel()
        bar = self.query_one("#progress-bar", Static)
        bar.display = job.total > 0
        if bar.display:
            bar.update(draw_progress(job.done / job.total, max(bar.size.width - 6, 4)))
        self.query_one("#progress-amount", Static).update(
            Content(format_amount(job, self._unit, time.monotonic()))
        )


def format_amount(job: Job, unit: str, now: float) -> str:
    """Return the progress in words, and the time it has taken."""
    passed = format_duration(float(int(now - job.began)))
    if job.cancelled:
        return f"it is being ended, {passed}"
    return f"{job.done:,} of {job.total:,} {unit}, {passed}" if job.total else f"at work, {passed}"


def draw_progress(share: float, width: int) -> Content:
    """Return a bar of ``width`` cells and the share in per cent."""
    filled = min(int(share * width), width)
    return Content.assemble(
        ("━" * filled, "$primary"), ("╌" * (width - filled), "$edge"), f" {int(100 * share):>3} %"
    )
