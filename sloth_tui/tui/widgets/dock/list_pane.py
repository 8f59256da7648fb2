"""The base of the dock's panes that list something."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.content import Content
from textual.widgets import Static
from textual.widgets.option_list import Option

from sloth_tui.tui.widgets.choices import Choices
from sloth_tui.tui.widgets.pane import HostedPane

if TYPE_CHECKING:
    from textual.app import ComposeResult


class ListPane(HostedPane):
    """Shows a heading and a line for each item, or a text if there are none.

    ``THING`` is the prefix of the ids of its widgets.
    """

    THING: ClassVar[str]

    def __init__(self, *, id: str) -> None:  # noqa: A002  # theirs
        # Each of these that came later would style all that the pane holds again.
        super().__init__(id=id, classes="nothing unknown")

    def words(self) -> str:
        """Return the text for an empty list: what it would list, and which keys help."""
        raise NotImplementedError

    def lines(self) -> list[Content]:
        """Return the items as they look now, and draw the heading."""
        raise NotImplementedError

    def compose_body(self) -> ComposeResult:
        yield Static(Content(self.words()), classes="empty")
        yield Static(id=f"{self.THING}-columns", classes="list-columns")
        yield Choices(id=f"{self.THING}-list", classes="main")

    @property
    def options(self) -> Choices:
        return self.query_one(Choices)

    @property
    def room(self) -> int:
        """Cells of a line."""
        return self.options.scrollable_content_region.width or 80

    def show_nothing(self) -> None:
        """List nothing."""
        raise NotImplementedError

    def forget(self) -> None:
        """List nothing, without the text for an empty list: the items are not known."""
        self.show_nothing()
        self.describe(nothing=True, unknown=True)

    def describe(self, *, nothing: bool, unknown: bool = False) -> None:
        """Note whether ``nothing`` is listed, and whether that is only because the items are ``unknown``."""
        self.update_classes({"nothing": nothing, "unknown": unknown})

    def head(self, heading: Content) -> None:
        self.query_one(f"#{self.THING}-columns", Static).update(heading, layout=False)

    def rebuild(self, names: list[str], highlighted: str | None) -> None:
        """List other items, of these names; put the cursor on ``highlighted``, else on the first."""
        options = self.options
        with self.prevent(Choices.OptionHighlighted):
            options.set_options(Option(line) for line in self.lines())
            if names:
                options.highlighted = names.index(highlighted) if highlighted in names else 0

    def redraw(self) -> None:
        """Redraw the lines that look different now."""
        options = self.options
        for index, line in enumerate(self.lines()):
            shown = options.get_option_at_index(index).prompt
            if not isinstance(shown, Content) or not shown.is_same(line):
                options.replace_option_prompt_at_index(index, line)
