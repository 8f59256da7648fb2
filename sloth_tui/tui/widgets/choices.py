"""A list to choose from, with vi keys beside the arrows."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.widgets import OptionList

if TYPE_CHECKING:
    from typing import Self

    from textual.binding import BindingType
    from textual.visual import VisualType
    from textual.widgets.option_list import Option


class Choices(OptionList):
    """The base of every list of the browser. Options are Content, never markup."""

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

    def replace_option_prompt_at_index(self, index: int, prompt: VisualType) -> Self:
        """As the framework does; but where an option needs as many lines as before, the others, of which
        there may be very many, are not laid out anew."""
        height = self._heights.get(index)
        option = self.get_option_at_index(index)
        option._set_prompt(prompt)
        padding = self.get_component_styles("option-list--option").padding.width
        width = self.scrollable_content_region.width - self._get_left_gutter_width() - padding
        lines = self._get_visual(option).get_height(self.styles, width)  # type: ignore[arg-type]  # theirs too
        if height is None or lines + option._divider != height:
            self._clear_caches()
        else:
            self._option_render_cache.clear()
            self.refresh_lines(self._index_to_line[index], height)
        return self
