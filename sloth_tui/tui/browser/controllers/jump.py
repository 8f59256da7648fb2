"""Jump mode: panes, everything that can be clicked, and every visible line of the lists."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sloth_tui.tui.actions import DOCK, PANES
from sloth_tui.tui.browser.context import Controller
from sloth_tui.tui.widgets.key_bar import KeyBar
from sloth_tui.tui.widgets.key_table.filter_bar import FilterBar
from sloth_tui.tui.widgets.key_table.row_view import RowView

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.strip import Strip
    from textual.widget import Widget
    from textual.widgets import OptionList

    from sloth_tui.tui.dialogs.jump import Target


class JumpController(Controller):
    """Labels the targets on screen, and goes to the chosen one."""

    def action_jump(self) -> None:
        from sloth_tui.tui.dialogs.jump import JumpScreen

        if not self.lazy.loaded:
            return
        strips = self.screen._compositor.render_strips()
        lines = [target._replace(x=_beside(strips[target.y], target.x)) for target in self._lines(strips)]
        targets = [*self._places(), *self._clickable(strips), *lines]
        self.screen.app.push_screen(JumpScreen(strips, targets), self._go)

    def _go(self, target: Target | None) -> None:
        if target is not None:
            target.go()

    def _places(self) -> Iterator[Target]:
        """Yield the panes outside the dock, at their corners, and the filter."""
        from sloth_tui.tui.dialogs.jump import Target

        for name in PANES:
            pane = self.panes.pane(name)
            if name not in DOCK and pane.is_on_screen and pane.region:
                yield Target(pane.region.x, pane.region.y, partial(self.panes.show, name))
        bar = self.screen.query_one(FilterBar)
        if bar.is_on_screen and bar.region:
            yield Target(bar.region.x, bar.region.y, partial(self.context.perform, "filter_keys"))

    def _clickable(self, strips: list[Strip]) -> Iterator[Target]:
        """Yield tabs, names of panes and everything else with a click action."""
        from sloth_tui.tui.dialogs.jump import Target

        outside = (name for name in PANES if name not in DOCK)
        known = {f"screen.click('show_{name}')" for name in outside if self.panes.pane(name).region}
        for x, y, action in find_spans(strips, "@click"):
            widget, _ = self.screen.get_widget_at(x, y)
            if not isinstance(widget, KeyBar) and action not in known:
                known.add(str(action))
                run = partial(self.screen.app.run_action, str(action), widget)
                yield Target(x, y, partial(self.screen.call_later, run))

    def _lines(self, strips: list[Strip]) -> Iterator[Target]:
        """Yield the lines of lists. The table may hold other rows when the jump is made."""
        from textual.widgets import OptionList

        from sloth_tui.tui.dialogs.jump import Target

        for x, y, option in find_spans(strips, "option"):
            widget, _ = self.screen.get_widget_at(x, y)
            if isinstance(widget, OptionList) and isinstance(option, int):
                yield Target(x, y, partial(_choose_option, widget, option))
        for view in self.screen.query("RowView, CursorView"):
            if view.is_on_screen and view.region:
                place = view.content_region
                for y, number in _numbered(view):
                    yield Target(place.x, place.y + y, partial(_move_to, view, number))


def _beside(strip: Strip, x: int) -> int:
    """Return the cell before ``x`` if it is empty and ``x`` is not, so that a label hides nothing."""
    around = strip.crop(max(x - 1, 0), x + 1).text
    return x - 1 if x and around[:1] == " " and around[1:].strip() else x


def find_spans(strips: list[Strip], name: str) -> Iterator[tuple[int, int, object]]:
    """Yield where text with this meta data begins (x, y), and the data; of several lines only the first."""
    above: set[str] = set()
    for y, strip in enumerate(strips):
        here, before, x = set[str](), None, 0
        for segment in strip:
            found = segment.style.meta.get(name) if segment.style is not None else None
            mark = f"{x} {found}"
            if found is not None and found != before and mark not in above:
                yield x, y, found
            if found is not None and found != before:
                here.add(mark)
            before, x = found, x + segment.cell_length
        above = here


def _numbered(view: Widget) -> list[tuple[int, int]]:
    """Return (line of the widget, number of its content) of every visible line that can have the cursor."""
    from sloth_tui.tui.widgets.cursor_view import CursorView

    if isinstance(view, RowView):
        count = min(view.lines_on_screen, view.count - view.top)
        heading = view.scrollable_content_region.height - view.lines_on_screen
        return [(heading + line, view.top + line) for line in range(count)]
    assert isinstance(view, CursorView)
    numbers: dict[int, int] = {}
    for y in range(view.size.height if view.has_cursor else 0):
        number = view.line_at(y)
        if number is not None:
            numbers.setdefault(number, y)
    return [(y, number) for number, y in numbers.items()]


def _move_to(view: Widget, number: int) -> None:
    from sloth_tui.tui.widgets.cursor_view import CursorView

    view.screen.set_focus(view)
    if isinstance(view, RowView):
        view.move_to(number)
    elif isinstance(view, CursorView):
        view.walk_to(number)


def _choose_option(options: OptionList, index: int) -> None:
    options.screen.set_focus(options)
    if index < options.option_count:
        options.highlighted = index
