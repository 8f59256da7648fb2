"""What the panes of the dock that list something have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.content import Content
from textual.widgets import Static
from textual.widgets.option_list import Option

from sloth_tui.tui.widgets.choices import Choices
from sloth_tui.tui.widgets.pane import DockPane

if TYPE_CHECKING:
    from textual.app import ComposeResult


class ListPane(DockPane):
    """A heading and a line for each thing, or words where there is none.

    ``THING`` begins the ids of what is in the pane.
    """

    THING: ClassVar[str]

    def words(self) -> str:
        """What is said where nothing is listed, and which keys would change that."""
        raise NotImplementedError

    def lines(self) -> list[Content]:
        """The things as they are drawn now; draws the heading as well."""
        raise NotImplementedError

    def furniture(self) -> ComposeResult:
        yield Static(Content(self.words()), classes="empty")
        yield Static(id=f"{self.THING}-columns")
        yield Choices(id=f"{self.THING}-list", classes="main")

    @property
    def options(self) -> Choices:
        return self.query_one(Choices)

    @property
    def room(self) -> int:
        """Cells of a line."""
        return self.options.scrollable_content_region.width or 80

    def forget(self) -> None:
        """Nobody knows whether there is any: say nothing."""
        self.add_class("unknown")

    def head(self, heading: Content) -> None:
        self.query_one(f"#{self.THING}-columns", Static).update(heading, layout=False)

    def rebuild(self, names: list[str], highlighted: str | None) -> None:
        """List other things, of these names; the cursor is on the one ``highlighted``, or on the first."""
        options = self.options
        with self.prevent(Choices.OptionHighlighted):
            options.set_options(Option(line) for line in self.lines())
            if names:
                options.highlighted = names.index(highlighted) if highlighted in names else 0

    def redraw(self) -> None:
        """The same things: draw the lines that look different."""
        options = self.options
        for index, line in enumerate(self.lines()):
            shown = options.get_option_at_index(index).prompt
            if not isinstance(shown, Content) or not shown.is_same(line):
                options.replace_option_prompt_at_index(index, line)
