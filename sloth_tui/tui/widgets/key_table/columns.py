"""The columns of the key table: which of them fit, how wide each is, and cells cut to size."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len, set_cell_size

from sloth_tui.text import display_text

if TYPE_CHECKING:
    from collections.abc import Iterator

GUTTER = 2
"""Cells before the first column: the cursor, and a sign for a row that just changed."""
GAP = 2
"""Cells between columns."""
_LEAST = 50
"""Cells that key and value keep before another column is shown."""
_SHORTEST_KEY = 14
_KEY_SHARE = 0.62
"""Of what key and value have together, the most a key takes."""


class Column(NamedTuple):
    name: str
    """One of the model's SORT_COLUMNS, or ``value``."""
    title: str
    start: int
    """The first cell of the column."""
    width: int
    right: bool = False
    """Aligned to the right."""


_OPTIONAL = (("updated", "updated", 9, True), ("size", "size", 9, True), ("type", "type", 8, False))


def arrange(width: int, longest_key: int, newest_revision: int) -> tuple[Column, ...]:
    """Columns for a table of ``width`` cells: key and value, then as many as there is room for, the more
    telling ones first."""
    optional = (*_OPTIONAL, ("revision", "revision", max(len(f"{newest_revision:,}"), 8), True))
    left = width - GUTTER
    taken = []
    for column in optional:
        if left - GAP - column[2] < _LEAST:
            break
        left -= GAP + column[2]
        taken.append(column)
    key = min(max(longest_key, _SHORTEST_KEY), int((left - GAP) * _KEY_SHARE))
    value = left - GAP - key
    if key < 1 or value < 1:
        return (Column("key", "key", GUTTER, max(width - GUTTER, 0)),)
    columns = [Column("key", "key", GUTTER, key), Column("value", "value", GUTTER + key + GAP, value)]
    start = width - sum(GAP + column[2] for column in taken)
    # As people read on: what it is, how large, how old, which revision.
    for name in ("type", "size", "updated", "revision"):
        for column in taken:
            if column[0] == name:
                columns.append(Column(name, column[1], start + GAP, column[2], column[3]))
                start += GAP + column[2]
    return tuple(columns)


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Harmless ``text`` in exactly ``width`` cells; what is cut off shows as ``…``."""
    if width <= 0:
        return ""
    length = len(text) if text.isascii() else cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + "…"
    space = " " * (width - length)
    return space + text if right else text + space


def shown(data: str, width: int) -> str:
    """As much of ``data`` as could fill ``width`` cells, made harmless."""
    return display_text(data, 4 * width + 4)


def scattered(data: str, characters: str, limit: int) -> Iterator[tuple[int, int]]:
    """Where ``characters`` are in ``data``, each at the first place after the one before; as :func:`places`.
    Without capitals they stand for capitals too."""
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


def places(data: str, part: str, limit: int) -> Iterator[tuple[int, int]]:
    """Where ``part`` is in ``data``, as (start, end) in characters of ``display_text(data)`` up to
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
