"""The columns of the key table: which fit, how wide each is, and where a match is in a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.cells import display_cells
from sloth_tui.text import display_text, format_age, format_left, format_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sloth_tui.model import Row

GUTTER = 2
"""Cells before the first column: the cursor, and a sign for a row that just changed."""
GAP = 2
"""Cells between columns."""
_MIN_TEXT_WIDTH = 50
"""Cells that key and value keep before another column is shown."""
_MIN_KEY_WIDTH = 14
_KEY_SHARE = 0.62
"""The largest share of the width of key and value that the key takes."""


class Spans(NamedTuple):
    """Times of a row, in words: they change while it stays the same."""

    age: str
    """How long ago it was last changed."""
    left: str
    """How long it has to live; empty if it stays."""


def spans_of(row: Row, now: float) -> Spans:
    """Return the spans of a row at a time in unix seconds."""
    left = "" if row.expires_at is None else format_left(row.expires_at, now)
    return Spans(format_age(row.updated_at, now), left)


class ColumnKind(NamedTuple):
    """A column that is shown if it fits."""

    name: str
    """One of the model's SORT_COLUMNS, or ``expires``."""
    title: str
    width: int
    """Minimum width in cells."""
    cell: Callable[[Row, Spans], str]
    """Returns the harmless text for a row and its spans of time."""
    right: bool = True
    """Aligned to the right."""
    greatest_first: bool = True
    """True if sorting by it begins with the greatest."""


def _type_of(row: Row, spans: Spans) -> str:
    return display_cells(row.type, _TYPE)


def _revision_of(row: Row, spans: Spans) -> str:
    return "-" if row.revision is None else f"{row.revision:,}"


_TYPE, _REVISION = 8, 8
KINDS = {
    kind.name: kind
    for kind in (
        ColumnKind("type", "type", _TYPE, _type_of, right=False, greatest_first=False),
        ColumnKind("size", "size", 9, lambda row, spans: format_size(row.size)),
        ColumnKind("updated", "updated", 9, lambda row, spans: spans.age),
        ColumnKind("expires", "left", 8, lambda row, spans: spans.left),
        ColumnKind("revision", "revision", _REVISION, _revision_of),
    )
}
"""The columns after key and value, from left to right."""
_BY_IMPORTANCE = ("updated", "expires", "size", "type", "revision")
"""The same, most important first: those are shown if not all fit."""


class Column(NamedTuple):
    """A column as it is laid out."""

    name: str
    """``key``, ``value``, or the name of a ColumnKind."""
    title: str
    start: int
    """The first cell of the column."""
    width: int
    right: bool = False
    """Aligned to the right."""


def arrange(width: int, longest_key: int, newest_revision: int, *, timed: bool = False) -> tuple[Column, ...]:
    """Return the columns for a table of ``width`` cells: key and value, then as many as fit, most important
    first. ``timed``: a row has a time to live."""
    left = width - GUTTER
    widths = {name: kind.width for name, kind in KINDS.items()}
    widths["revision"] = max(len(f"{newest_revision:,}"), _REVISION)
    taken = set()
    for name in _BY_IMPORTANCE:
        if name == "expires" and not timed:
            continue
        if left - GAP - widths[name] < _MIN_TEXT_WIDTH:
            break
        left -= GAP + widths[name]
        taken.add(name)
    key = min(max(longest_key, _MIN_KEY_WIDTH), int((left - GAP) * _KEY_SHARE))
    value = left - GAP - key
    if key < 1 or value < 1:
        return (Column("key", "key", GUTTER, max(width - GUTTER, 0)),)
    columns = [Column("key", "key", GUTTER, key), Column("value", "value", GUTTER + key + GAP, value)]
    start = width - sum(GAP + widths[name] for name in taken)
    for name, kind in KINDS.items():
        if name in taken:
            columns.append(Column(name, kind.title, start + GAP, widths[name], kind.right))
            start += GAP + widths[name]
    return tuple(columns)


def find_scattered(data: str, characters: str, limit: int) -> Iterator[tuple[int, int]]:
    """Yield where ``characters`` are in ``data``, each at the first place after the previous one, as
    :func:`places`. Without capitals, they match capitals too."""
    offset = seen = 0
    folded = not any("A" <= character <= "Z" for character in characters)
    for character in characters:
        found = data.find(character, seen)
        if folded and "a" <= character <= "z":
            capital = data.find(character.upper(), seen)
            found = capital if found < 0 else found if capital < 0 else min(found, capital)
        if found < 0 or offset >= limit:
            return
        offset += len(display_text(data[seen:found]))
        length = len(display_text(data[found]))
        yield min(offset, limit), min(offset + length, limit)
        offset += length
        seen = found + 1


def find_part(data: str, part: str, limit: int) -> Iterator[tuple[int, int]]:
    """Yield where ``part`` is in ``data``: (start, end) in characters of ``display_text(data)``, up to
    ``limit``."""
    found = data.find(part) if part else -1
    offset = seen = 0
    while found >= 0:
        offset += len(display_text(data[seen:found]))
        if offset >= limit:
            return
        length = len(display_text(part))
        yield offset, min(offset + length, limit)
        offset += length
        seen = found + len(part)
        found = data.find(part, seen)
