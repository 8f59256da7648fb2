"""What all dialogs have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from textual.reactive import reactive
from textual.screen import ModalScreen

if TYPE_CHECKING:
    from textual.widget import Widget

T = TypeVar("T")


class Dialog(ModalScreen[T]):
    """A box over the browser. Its style sheet is read when the first dialog opens."""

    CSS_PATH = "dialogs.tcss"

    # What has the focus draws itself; the whole screen would be drawn with the browser that shines through.
    focused: reactive[Widget | None] = reactive(None, repaint=False)
