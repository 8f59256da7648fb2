"""Draw lines of the key table."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from sloth_tui.cells import display_cells, fit
from sloth_tui.masking import MASK
from sloth_tui.text import display_text, format_count
from sloth_tui.tui.widgets.key_table.columns import (
    GAP,
    GUTTER,
    KINDS,
    Column,
    Spans,
    find_part,
    find_scattered,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sloth_tui.model import Query, Row

GONE = "(gone)"
SIGN = 2
"""Cells of the sign before a tree node, and of each level of indentation."""
_SIGNS = {(False, False): " ", (False, True): "•", (True, False): "◆", (True, True): "◈"}
"""(marked, just changed) -> the sign before a row."""
_TOUCHED = "◦"
"""The sign before a row without another one that a run has changed."""
_VALUE_STYLES = {
    "integer": "number",
    "float": "number",
    "boolean": "number",
    "table": "table",
    "bytes": "quiet",
}
_KINDS = frozenset({*_VALUE_STYLES.values(), "quiet"})


class Look(NamedTuple):
    """Everything that a line depends on besides its row."""

    columns: tuple[Column, ...]
    width: int
    query: Query
    cursor: bool
    focus: bool
    flash: bool
    marked: bool
    touched: bool
    """A run has changed it."""
    masked: bool
    spans: Spans


def draw_row(row: Row, look: Look, style: Callable[[str], Style]) -> Strip:
    """Return the line of a row; ``style`` returns a style by its name."""
    base = line_style(look, style)
    segments = [_gutter(look, base, style)]
    rest = ""
    kinds = _but_kinds(style) if look.cursor and look.focus else style
    for column in look.columns:
        if column.name == "key":
            segments += _key(row, column, look, base, style)
        elif row.keys is not None:
            text = format_count(row.keys, "key") if column.name == "value" else ""
            rest += " " * GAP + fit(text, column.width)
        elif column.name == "value" and not look.masked:
            kind = _VALUE_STYLES.get(row.type, "")
            segments.append(Segment(" " * GAP, base))
            segments += _marked(row.preview, column.width, ("value",), look, base, kinds, kind)
        else:
            rest += " " * GAP + fit(_plain(row, column, look), column.width, right=column.right)
    segments.append(Segment(rest, base + kinds("quiet")))
    return Strip(segments, look.width)


def indent(row: Row, columns: tuple[Column, ...]) -> int:
    """Return the indentation of a row in cells, at most about half of the column."""
    return min(SIGN * row.depth, max(columns[0].width // 2 - SIGN, 0)) if columns else 0


def draw_note(note: str, look: Look, style: Callable[[str], Style]) -> Strip:
    """Return a line with a note instead of a row."""
    base = line_style(look, style)
    text = fit(note, look.width - GUTTER)
    return Strip([_gutter(look, base, style), Segment(text, base + style("quiet"))], look.width)


def draw_header(
    columns: tuple[Column, ...], width: int, query: Query, style: Callable[[str], Style]
) -> Strip:
    """Return the heading; the column that sorts has an arrow."""
    base = style("row") + style("header")
    line = " " * GUTTER
    for column in columns:
        arrow = (" ▼" if query.descending else " ▲") if column.name == query.sort else ""
        line += " " * (column.start - len(line)) + fit(column.title + arrow, column.width, right=column.right)
    return Strip([Segment(line.ljust(width)[:width], base)], width)


def line_style(look: Look, style: Callable[[str], Style]) -> Style:
    if look.cursor:
        return style("cursor" if look.focus else "cursor-blurred")
    if look.flash:
        return style("flash")
    return style("marked") if look.marked else style("row")


def _but_kinds(style: Callable[[str], Style]) -> Callable[[str], Style]:
    """Return ``style`` without the colours of value types, some of which are unreadable on the cursor."""
    return lambda name: Style.null() if name in _KINDS else style(name)


def _gutter(look: Look, base: Style, style: Callable[[str], Style]) -> Segment:
    # Signs show cursor, mark and change too, for terminals without colours.
    cursor = ("▌" if look.focus else "▏") if look.cursor else " "
    sign = _SIGNS[look.marked, look.flash]
    if look.touched and sign == " ":
        sign = _TOUCHED
    return Segment((cursor + sign)[: look.width], base + style("sign"))


def _plain(row: Row, column: Column, look: Look) -> str:
    return MASK if column.name == "value" else KINDS[column.name].cell(row, look.spans)


def _key(
    row: Row, column: Column, look: Look, base: Style, style: Callable[[str], Style]
) -> Iterable[Segment]:
    """Yield the key or, in a tree, its part below the parent node, after the node's sign."""
    before = ""
    if look.query.tree:
        sign = "  " if row.keys is None else "▾ " if row.open else "▸ "
        space = indent(row, look.columns)
        before = fit(" " * space + sign, min(space + SIGN, column.width))
        yield Segment(before, base + style("sign"))
    kinds, width = ("prefix", "key", "fuzzy"), column.width - len(before)
    yield from _marked(row.key, width, kinds, look, base, style, "", stem=row.stem)


def _marked(
    data: str,
    width: int,
    kinds: tuple[str, ...],
    look: Look,
    base: Style,
    style: Callable[[str], Style],
    kind: str,
    *,
    stem: int = 0,
) -> Iterable[Segment]:
    """Return ``data`` without its ``stem`` in ``width`` cells, with the matches of these kinds of terms
    highlighted."""
    text = fit(display_cells(data[stem:], width), width)
    plain = base + style(kind) if kind else base
    hidden = len(display_text(data[:stem])) if stem else 0
    spans = list(_found(data, kinds, look.query, hidden + len(text.rstrip())))
    if not spans:
        return [Segment(text, plain)]
    marked = [False] * len(text)
    for start, end in spans:
        for place in range(max(start - hidden, 0), end - hidden):
            marked[place] = True
    segments, begin = [], 0
    for place in range(1, len(text) + 1):
        if place == len(text) or marked[place] != marked[begin]:
            segments.append(Segment(text[begin:place], plain + style("match") if marked[begin] else plain))
            begin = place
    return segments


def _found(data: str, kinds: tuple[str, ...], query: Query, limit: int) -> Iterator[tuple[int, int]]:
    first = (("prefix", query.prefix), ("key", query.key), ("value", query.value))
    for kind, text in (*first, *((term.kind, term.text) for term in query.also if not term.inverse)):
        if not text or kind not in kinds:
            continue
        if kind == "fuzzy":
            yield from find_scattered(data, text, limit)
        else:
            yield from find_part(data[: len(text)] if kind == "prefix" else data, text, limit)
