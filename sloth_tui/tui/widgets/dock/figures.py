"""Draw figures about a store, in lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len
from textual.content import Content

from sloth_tui.cells import fit_data
from sloth_tui.text import display_text, format_age, format_size
from sloth_tui.tui.messages import KeyRequested, PrefixRequested
from sloth_tui.tui.widgets.detail.plot import draw_sparkline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.message import Message

    from sloth_tui.model import RankedEntry, Stats
    from sloth_tui.tui.messages import Survey

_SHOWN_GROUPS = 100
_NO_PREFIX = "(none)"
PLOT_HEIGHT = 2


class Line(NamedTuple):
    """A line of a list, and the message that choosing it posts; None: it cannot be chosen."""

    text: Content
    wish: Message | None = None


def _rows_of(stats: Stats, now: float) -> list[tuple[str, str, str]]:
    """Return name, figure and note of each line."""
    kept = f" since {stats.oldest_revision:,}" if stats.oldest_revision else ""
    rows = [
        ("keys", f"{stats.total_keys:,}", format_size(stats.total_size)),
        ("history", f"{stats.revisions:,}", format_size(stats.history_size) + kept),
        ("revision", f"{stats.revision:,}", _newest(stats, now)),
    ]
    if stats.page_count is not None and stats.free_pages is not None:
        rows.append(("pages", f"{stats.page_count:,}", _page_use(stats.page_count, stats.free_pages)))
    if stats.file_size is not None:
        log = "" if stats.wal_size is None else f"WAL {format_size(stats.wal_size)}"
        rows.append(("file", format_size(stats.file_size), log))
    return rows


def measure_figures(stats: Stats) -> int:
    """Return the cells of the widest figure."""
    return max(len(figure) for _, figure, _ in _rows_of(stats, 0.0))


def draw_figures(stats: Stats, now: float) -> Content:
    """Return the numbers and sizes of a store."""
    rows, width = _rows_of(stats, now), measure_figures(stats)
    return Content("\n").join(
        Content.assemble((f"{name:<9}", "$quiet"), (figure.rjust(width), "bold"), ("  " + note, "$quiet"))
        for name, figure, note in rows
    )


def draw_rate(writes: Sequence[float], width: int, *, figure: int = 6, low: bool = False) -> Content:
    """Return a plot, ``width`` cells wide, of the writes of each of the last seconds, newest at the right;
    ``figure``: the cells of their number, ``low``: on one line."""
    now = round(writes[-1] if writes else 0)
    words = Content.assemble(("writes/s ", "$quiet"), (f"{now:,}".rjust(figure), "bold"))
    room = max(width - words.cell_length - 2, 0) if low else width
    shown = list(writes)[-room:] if room else []
    shown = [0.0] * (room - len(shown)) + shown
    if low:
        return Content.assemble(words, "  ", (draw_sparkline(shown, 1)[0], "$primary"))
    most = round(max(shown, default=0))
    lines = [Content(line).stylize("$primary") for line in draw_sparkline(shown, PLOT_HEIGHT)]
    return Content("\n").join([Content.assemble(words, (f"  most {most:,} in {room} s", "$quiet")), *lines])


def draw_groups(survey: Survey, total: int, width: int) -> list[Line]:
    """Return a bar for each first segment, most common first; choosing one requests its keys."""
    groups = sorted(survey.groups, key=lambda group: (-group.keys, group.prefix))
    title = "keys by prefix" if survey.complete else f"keys by prefix, the first {len(groups):,}"
    lines = [_heading(title, "enter filters" if groups else "", width)]
    rest = total - sum(group.keys for group in groups) if survey.complete else 0
    bars = [(group.prefix, group.keys) for group in groups] + ([(_NO_PREFIX, rest)] if rest > 0 else [])
    shape = _Bars([name for name, _ in bars], [count for _, count in bars], width)
    lines += [
        Line(shape.bar(group.prefix, group.keys), PrefixRequested(group.prefix))
        for group in groups[:_SHOWN_GROUPS]
    ]
    if len(groups) > _SHOWN_GROUPS:
        lines.append(Line(Content(f"… and {len(groups) - _SHOWN_GROUPS:,} more").stylize("$quiet")))
    if rest > 0:
        lines.append(Line(shape.bar(_NO_PREFIX, rest)))
    return lines


def draw_types(types: dict[str, int], width: int) -> list[Line]:
    """Return a bar for each type that occurs, most common first."""
    found = sorted(
        ((name, count) for name, count in types.items() if count), key=lambda one: (-one[1], one[0])
    )
    if not found:
        return []
    shape = _Bars([name for name, _ in found], [count for _, count in found], width)
    return [_heading("types", "", width), *(Line(shape.bar(name, count)) for name, count in found)]


def draw_ranked(survey: Survey, now: float, width: int) -> list[Line]:
    """Return the largest, newest and oldest entries; choosing one requests its key."""
    lines: list[Line] = []
    for order, title in (("largest", "largest values"), ("newest", "newest"), ("oldest", "oldest")):
        ranked = survey.top_entries.get(order)
        if ranked:
            lines.append(_heading(title, "" if lines else "enter goes there", width))
            lines += [_ranked_line(one, now, width, by_size=order == "largest") for one in ranked]
    return lines


class _Bars:
    """Draws names, counts and bars in ``width`` cells; without room the bars are left out."""

    def __init__(self, names: list[str], counts: list[int], width: int) -> None:
        self._most = max(counts, default=0)
        self._count = max([len(f"{count:,}") for count in counts] + [1])
        longest = max([cell_len(display_text(name, 200)) for name in names] + [1])
        self._name = max(min(longest, width // 2, width - self._count - 2), 4)
        self._bar = max(width - self._name - self._count - 4, 0)

    def bar(self, name: str, count: int) -> Content:
        filled = max(1, round(self._bar * min(count / self._most, 1))) if self._most and self._bar else 0
        return Content.assemble(
            (fit_data(name, self._name), "$accent"),
            "  ",
            (f"{count:,}".rjust(self._count), "bold"),
            "  ",
            ("━" * filled, "$primary"),
        )


def _heading(title: str, note: str, width: int) -> Line:
    gap = " " * (width - len(title) - len(note)) if note else ""
    text = title + gap + note if gap else title
    return Line(Content(text).stylize("$quiet"))


def _ranked_line(one: RankedEntry, now: float, width: int, *, by_size: bool) -> Line:
    figure = format_size(one.size) if by_size else format_age(one.updated_at, now).removesuffix(" ago")
    room = max(width - 12, 4)
    text = Content.assemble((figure.rjust(9), "bold"), "  ", (fit_data(one.key, room), "$accent"))
    return Line(text, KeyRequested(one.key))


def _newest(stats: Stats, now: float) -> str:
    return f"changed {format_age(float(stats.last_modified), now)}" if stats.last_modified else ""


def _page_use(pages: int, free: int) -> str:
    """Return how many of its pages a file uses, with a bar."""
    if not pages:
        return ""
    used = 1 - free / pages
    filled = round(6 * used)
    return f"{'━' * filled}{'╌' * (6 - filled)} {used:.0%} used"
