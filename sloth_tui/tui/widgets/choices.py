"""A list to choose from, with the keys of vi beside the arrows."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.widgets import OptionList

if TYPE_CHECKING:
    from textual.binding import BindingType
    from textual.widgets.option_list import Option


class Choices(OptionList):
    """Every list of the browser. Options are Content, never markup."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "cursor_up", "Up", show=False),
        Binding("j", "cursor_down", "Down", show=False),
        Binding("g", "first", "First", show=False),
        Binding("G", "last", "Last", show=False),
        Binding("ctrl+b,ctrl+u", "page_up", "Page up", show=False),
        Binding("ctrl+f,ctrl+d", "page_down", "Page down", show=False),
    ]

    def __init__(
        self,
        *options: Option,
        id: str | None = None,  # noqa: A002  # theirs
        classes: str | None = None,
    ) -> None:
        super().__init__(*options, id=id, classes=classes, markup=False)
