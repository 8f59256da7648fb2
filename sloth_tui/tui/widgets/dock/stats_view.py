"""The Stats tab: figures about the store."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static
from textual.widgets.option_list import Option

from sloth_tui.text import format_size
from sloth_tui.tui.widgets.choices import Choices
from sloth_tui.tui.widgets.dock.figures import (
    Line,
    draw_figures,
    draw_groups,
    draw_ranked,
    draw_rate,
    draw_types,
    measure_figures,
)
from sloth_tui.tui.widgets.dock.write_rate import WriteRate
from sloth_tui.tui.widgets.pane import HostedPane

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.events import Resize, Show
    from textual.timer import Timer
    from textual.widgets import OptionList

    from sloth_tui.model import Stats
    from sloth_tui.tui.messages import Survey

_ROOM_FOR_TWO, _ROOM_FOR_THREE = 64, 104
"""Widths in cells from which the lists are beside the figures, and beside each other."""

_AGE_REFRESH_SECONDS = 10.0
"""Between two redraws of ages."""
_PLOT_ROOM_LINES = 8
"""Height in lines from which the plot of writes has several lines."""


class FigureList(Choices):
    """Posts a message when its width changes, after the panes around it have theirs."""

    class Resized(Message):
        """The list has another size."""

    def on_resize(self, event: Resize) -> None:
        self.post_message(self.Resized())


class StatsPane(HostedPane):
    """Shows figures, a plot of recent writes, prefixes (choosing one filters the table), and the largest,
    newest and oldest entries (choosing one goes to its key)."""

    SCOPED_CSS = False
    DEFAULT_CSS = """
    #stats { layout: horizontal; }
    #stats-figures-scroll { width: 38; height: 1fr; scrollbar-size: 0 0; margin-right: 2; }
    #stats OptionList, #log OptionList, #locks OptionList { scrollbar-gutter: stable; }
    #stats-figures, #stats-rate { height: auto; text-wrap: nowrap; text-overflow: ellipsis; }
    #stats-prefixes { width: 1fr; }
    #stats-ranked { display: none; width: 1fr; margin-left: 2; }
    #stats.-wide #stats-ranked { display: block; }
    #stats.-stacked { layout: vertical; }
    #stats.-stacked #stats-figures-scroll { width: 1fr; height: auto; max-height: 8; margin: 0; }
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002  # theirs
        super().__init__(id=id)
        self._stats: Stats | None = None
        self._survey: Survey | None = None
        self._rate = WriteRate()
        self._lines: dict[str, list[Line]] = {}

    def compose_body(self) -> ComposeResult:
        figures = (Static(id="stats-figures"), Static(id="stats-rate"))
        yield VerticalScroll(*figures, id="stats-figures-scroll", can_focus=False)
        yield FigureList(id="stats-prefixes", classes="main")
        yield FigureList(id="stats-ranked")

    def on_loaded(self) -> None:
        self._ticks: Timer = self.set_interval(1.0, self._tick, pause=True)
        self.set_interval(_AGE_REFRESH_SECONDS, self._draw_all)
        self.show(None)

    def take(self, read: Stats) -> None:
        """Show what was read."""
        self.show(read)

    def forget(self) -> None:
        """Show no figures."""
        self.show(None)

    def show(self, stats: Stats | None) -> None:
        """Show these figures; None: there are none (yet)."""
        self._stats = stats
        self.entitle(format_size(stats.file_size) if stats and stats.file_size is not None else "")
        if stats is None:
            self._survey = None
            self._rate = WriteRate()
        self._draw_figures()
        self._draw_lists()

    def show_survey(self, survey: Survey) -> None:
        """Show groups of keys and ranked entries; what is not known yet stays as it is."""
        if self._survey is not None:
            survey = survey._replace(top_entries={**self._survey.top_entries, **survey.top_entries})
        self._survey = survey
        self._draw_lists()

    def count_writes(self, revision: int, at: float) -> None:
        """Note that ``revision`` was the newest at ``at`` (``time.monotonic``)."""
        if self._rate.note(revision, at) and self._seen:
            self._ticks.resume()
            self._draw_rate()

    def on_show(self, event: Show) -> None:
        self._draw_all()

    def on_resize(self, event: Resize) -> None:
        width = event.size.width
        self.set_class(width < _ROOM_FOR_TWO, "-stacked")
        self.set_class(width >= _ROOM_FOR_THREE, "-wide")

    def on_figure_list_resized(self, message: FigureList.Resized) -> None:
        message.stop()
        self._draw_all()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        lines = self._lines.get(event.option_list.id or "", [])
        wish = lines[event.option_index].wish if event.option_index < len(lines) else None
        if wish is not None:
            self.post_message(wish)

    @property
    def _seen(self) -> bool:
        return bool(self.children) and self.is_on_screen and self.size.width > 0

    def _tick(self) -> None:
        """Advance the plot while it is visible and not empty."""
        if not (self._seen and self._rate.busy(time.monotonic())):
            self._ticks.pause()
        self._draw_rate()

    def _draw_all(self) -> None:
        if self._seen and self._rate.busy(time.monotonic()):
            self._ticks.resume()
        self._draw_figures()
        self._draw_lists()

    def _draw_figures(self) -> None:
        if self._seen:
            text = Content("") if self._stats is None else draw_figures(self._stats, time.time())
            _show(self.query_one("#stats-figures", Static), text)
            self._draw_rate()

    def _draw_rate(self) -> None:
        if self._seen:
            plot = self.query_one("#stats-rate", Static)
            width = plot.size.width or 30
            writes, low = self._rate.last(time.monotonic(), width), self.size.height < _PLOT_ROOM_LINES
            if self._stats is None:
                _show(plot, Content(""))
            else:
                _show(plot, draw_rate(writes, width, figure=measure_figures(self._stats), low=low))

    def _draw_lists(self) -> None:
        if not self._seen:
            return
        beside = self.has_class("-wide")
        first, second = (self.query_one(f"#stats-{name}", FigureList) for name in ("prefixes", "ranked"))
        width = first.scrollable_content_region.width or 40
        lines: list[Line] = []
        ranked: list[Line] = []
        if self._survey is None:
            lines = [Line(Content("counting the keys…").stylize("$quiet"))]
        elif self._stats is not None:
            lines = draw_groups(self._survey, self._stats.total_keys, width)
            lines += draw_types(self._stats.types, width)
            room = second.scrollable_content_region.width if beside else width
            ranked = draw_ranked(self._survey, time.time(), room or 40)
        self._fill(first, lines if beside else lines + ranked)
        self._fill(second, ranked if beside else [])

    def _fill(self, options: FigureList, lines: list[Line]) -> None:
        """Show these lines; the cursor stays on its item."""
        before = self._lines.get(options.id or "", [])
        self._lines[options.id or ""] = lines
        at, top = options.highlighted, options.scroll_offset.y
        wish = _told_apart(before[at]) if at is not None and at < len(before) else None
        with self.prevent(Choices.OptionHighlighted):
            if not _only_words_differ(before, lines) or options.option_count != len(lines):
                options.set_options(Option(line.text, disabled=line.wish is None) for line in lines)
                options.scroll_to(y=top, animate=False)
            else:
                for place, (old, new) in enumerate(zip(before, lines, strict=True)):
                    if not old.text.is_same(new.text):
                        options.replace_option_prompt_at_index(place, new.text)
            places = [place for place, line in enumerate(lines) if line.wish is not None]
            if places:
                same_wish = [place for place in places if _told_apart(lines[place]) == wish]
                options.highlighted = min(same_wish or places, key=lambda place: abs(place - (at or 0)))


def _only_words_differ(before: list[Line], lines: list[Line]) -> bool:
    """True if the same lines can be chosen in both."""
    return [line.wish is None for line in before] == [line.wish is None for line in lines]


def _show(widget: Static, text: Content) -> None:
    """Update a widget; lay out the screen only if the number of lines changes."""
    shown = widget.content
    lines = shown.plain.count("\n") if isinstance(shown, Content) else -1
    widget.update(text, layout=lines != text.plain.count("\n"))


def _told_apart(line: Line) -> object:
    """Return what identifies the message of a line."""
    wish = line.wish
    return None if wish is None else (type(wish), getattr(wish, "prefix", None), getattr(wish, "key", None))
