"""Work that takes long: how far it is, and a way to end it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Static

from sloth_tui.errors import SlothError
from sloth_tui.text import display_text
from sloth_tui.tui.screens.dialog import Dialog

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from textual.app import App, ComposeResult
    from textual.binding import BindingType

T = TypeVar("T")

_PATIENCE = 0.3
"""Seconds of work that are not worth a dialog."""
_PERIOD = 0.1
_LINE_LIMIT = 200


class Cancelled(SlothError):
    """Somebody ended the work. What that means for what was begun, the work says."""


class Progress:
    """Told by the thread that works how much is done, of how much; raises Cancelled there to end it."""

    def __init__(self) -> None:
        self.done = self.total = 0
        self.cancelled = False

    def __call__(self, done: int, total: int) -> None:
        self.done, self.total = done, total
        if self.cancelled:
            raise Cancelled("cancelled")


async def watched(app: App[int], what: str, unit: str, begin: Callable[[Progress], Future[T]]) -> T:
    """What the future answers that ``begin`` starts. If that takes a while, a dialog shows how far it is
    (``what`` may be data, ``unit`` is a plural) and can end it. Raises Cancelled and what the work raises."""
    progress = Progress()
    work = asyncio.wrap_future(begin(progress))
    await asyncio.wait({work}, timeout=_PATIENCE)
    if not work.done():
        dialog = ProgressScreen(what, unit, progress)
        await app.push_screen(dialog)
        try:
            await asyncio.wait({work})
        finally:
            if dialog.is_current:
                await dialog.dismiss()
    return await work


class ProgressScreen(Dialog[None]):
    """Stays until the work has ended; cancelling asks it to."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]

    def __init__(self, what: str, unit: str, progress: Progress) -> None:
        super().__init__()
        self._what = what
        self._unit = unit
        self._progress = progress

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog progress"):
            yield Static(Content(display_text(self._what, _LINE_LIMIT)), classes="question")
            yield Static(id="progress-bar")
            yield Static(id="progress-amount", classes="note")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel", compact=True)

    def on_mount(self) -> None:
        self.set_interval(_PERIOD, self._draw)
        self.call_after_refresh(self._draw)

    def action_cancel(self) -> None:
        self._progress.cancelled = True
        self.query_one("#cancel", Button).disabled = True
        self._draw()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.action_cancel()

    def _draw(self) -> None:
        done, total = self._progress.done, self._progress.total
        bar = self.query_one("#progress-bar", Static)
        bar.update(drawn(done / total if total else 0.0, max(bar.size.width - 6, 4)))
        amount = f"{done:,} of {total:,} {self._unit}" if total else "it begins"
        if self._progress.cancelled:
            amount = "it is being ended"
        self.query_one("#progress-amount", Static).update(Content(amount))


def drawn(share: float, width: int) -> Content:
    """A bar of so many cells and the share in per cent."""
    filled = min(int(share * width), width)
    return Content.assemble(
        ("━" * filled, "$primary"), ("╌" * (width - filled), "$edge"), f" {int(100 * share):>3} %"
    )
