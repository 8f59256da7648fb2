"""The base of all dialogs."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from textual.reactive import reactive
from textual.screen import ModalScreen

if TYPE_CHECKING:
    from textual.widget import Widget

T = TypeVar("T")


class Dialog(ModalScreen[T]):
    """A box over the browser. The style sheet is read when the first dialog opens."""

    CSS_PATH = "dialogs.tcss"

    # The focused widget draws itself; repainting the screen would redraw the browser below too.
    focused: reactive[Widget | None] = reactive(None, repaint=False)
