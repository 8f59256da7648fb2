"""Work that takes long: how far it is, and a way to end it."""

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
from sloth_tui.tui.services.job import Work

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


async def watched(app: App[int], what: str, unit: str, begin: Callable[[Work], Future[T]]) -> T:
    """What the future answers that ``begin`` starts. If that takes a while, a dialog shows how far it is
    (``what`` may be data, ``unit`` is a plural) and can end it. Raises what the work raises: Interrupted
    where it was ended."""
    work = Work()
    result = asyncio.wrap_future(begin(work))
    # Who waits here may be gone when the program is left, and then nobody else is to be told.
    result.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    await asyncio.wait({result}, timeout=_PATIENCE)
    if not result.done():
        dialog = ProgressScreen(what, unit, work)
        await app.push_screen(dialog)
        try:
            await asyncio.wait({result})
        finally:
            if dialog.is_current:
                await dialog.dismiss()
    return await result


class ProgressScreen(Dialog[None]):
    """Stays until the work has ended; cancelling asks it to."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]

    def __init__(self, what: str, unit: str, work: Work) -> None:
        super().__init__()
        self._what = what
        self._unit = unit
        self._work = work

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
        self._work.cancel()
        self.query_one("#cancel", Button).disabled = True
        self._draw()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.action_cancel()

    def _draw(self) -> None:
        work = self._work
        if work.cancelled:
            work.cancel()
        bar = self.query_one("#progress-bar", Static)
        bar.display = work.total > 0
        if bar.display:
            bar.update(drawn(work.done / work.total, max(bar.size.width - 6, 4)))
        self.query_one("#progress-amount", Static).update(Content(amount(work, self._unit, time.monotonic())))


def amount(work: Work, unit: str, now: float) -> str:
    """How far it is in words, and how long it has taken."""
    passed = format_duration(float(int(now - work.began)))
    if work.cancelled:
        return f"it is being ended, {passed}"
    return f"{work.done:,} of {work.total:,} {unit}, {passed}" if work.total else f"at work, {passed}"


def drawn(share: float, width: int) -> Content:
    """A bar of so many cells and the share in per cent."""
    filled = min(int(share * width), width)
    return Content.assemble(
        ("━" * filled, "$primary"), ("╌" * (width - filled), "$edge"), f" {int(100 * share):>3} %"
    )
