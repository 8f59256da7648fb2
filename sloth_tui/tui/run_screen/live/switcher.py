"""The line of runs in the Run view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.style import Style
from textual.widgets import Static

from sloth_tui.tui.actions import key_of
from sloth_tui.tui.run_screen.live.status import mark_of, name_of

if TYPE_CHECKING:
    from sloth_tui.tui.services.runs.watched import WatchedRun

_MORE = "…"


class RunSwitcher(Static):
    """Shows the runs beside each other, those near the chosen one if not all fit; each can be clicked."""

    DEFAULT_CSS = """
    RunSwitcher { height: 1; text-wrap: nowrap; display: none; }
    RunSwitcher.some { display: block; }
    """

    auto_links = False

    def __init__(self, *, id: str) -> None:  # noqa: A002  # theirs
        super().__init__(id=id)
        self._runs: list[WatchedRun] = []
        self._chosen = ""

    def show(self, runs: list[WatchedRun], chosen: str) -> None:
        """Show these runs; one alone needs no line."""
        self._runs, self._chosen = runs, chosen
        self.set_class(len(runs) > 1, "some")
        self.refresh()

    def render(self) -> Content:
        keys = f"{key_of('previous_run')} {key_of('next_run')} "
        drawn = [self._drawn(run) for run in self._runs]
        at = next((place for place, run in enumerate(self._runs) if run.id == self._chosen), 0)
        room = self.size.width - len(keys) - 2 * (len(_MORE) + 1)
        first, last = _around(at, [one.cell_length for one in drawn], room)
        parts: list[Content | tuple[str, str]] = [(keys, "$quiet")]
        if first:
            parts.append((f"{_MORE} ", "$quiet"))
        parts += drawn[first:last]
        if last < len(drawn):
            parts.append((_MORE, "$quiet"))
        return Content.assemble(*parts)

    def _drawn(self, run: WatchedRun) -> Content:
        mark, style = mark_of(run)
        name = "bold underline" if run.id == self._chosen else "$quiet"
        text = Content.assemble((f"{mark} ", style), (name_of(run), name), "  ")
        return text.stylize(Style.from_meta({"@click": f"screen.choose_run('{run.id}')"}))


def _around(at: int, widths: list[int], room: int) -> tuple[int, int]:
    """Return the range of what fits into ``room`` cells around the place ``at``."""
    if not widths:
        return 0, 0
    first, last, used = at, at + 1, widths[at]
    while True:
        if last < len(widths) and used + widths[last] <= room:
            used += widths[last]
            last += 1
        elif first and used + widths[first - 1] <= room:
            first -= 1
            used += widths[first]
        else:
            return first, last
