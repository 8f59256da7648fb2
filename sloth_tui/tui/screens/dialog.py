"""What all dialogs have in common."""

from __future__ import annotations

from typing import TypeVar

from textual.screen import ModalScreen

T = TypeVar("T")


class Dialog(ModalScreen[T]):
    """A box over the browser. Its style sheet is read when the first dialog opens."""

    CSS_PATH = "dialogs.tcss"
