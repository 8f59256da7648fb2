"""Compare two values line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from textual.content import Content

from sloth_tui.text import format_count
from sloth_tui.tui.widgets.detail.value_text import sheet

if TYPE_CHECKING:
    from sloth_tui.model import Value

_CHARACTERS = 32 * 1024
_LINES = 1500
_CONTEXT_LINES = 2
ABSENT = "(absent)"
UNKEPT = "(not kept)"
_STYLES = {"-": "$error", "+": "$success", " ": "", "~": "$quiet"}


class Piece(NamedTuple):
    """A line of a difference."""

    sign: str
    """``-`` only in the old, ``+`` only in the new, blank in both, ``~`` a note."""
    text: str
    """Harmless text."""
    part: tuple[int, int] | None = None
    """The part that differs (start, end), if not the whole line."""


def compare(old: Value | None, new: Value | None, width: int = 0) -> list[Piece]:
    """Return the difference from ``old`` to ``new`` (None: absent); empty if they look the same. Of large
    values only the beginning is compared, which a note says."""
    if old is None and new is None:
        return []
    before, after = _laid_out(old, width), _laid_out(new, width)
    pieces = _pieces(before[0], after[0])
    if before[1] or after[1]:
        pieces.append(Piece("~", "only the beginning is compared"))
    return pieces


def compare_whole(base: Value | None, value: Value) -> list[Piece]:
    """Return all lines of ``value``, those not in ``base`` as new; of a large one, the beginning."""
    from difflib import SequenceMatcher

    lines, cut = _laid_out(value, 0)
    pieces = [Piece("+", line) for line in lines]
    for _, start, length in SequenceMatcher(None, _laid_out(base, 0)[0], lines).get_matching_blocks():
        pieces[start : start + length] = [Piece(" ", line) for line in lines[start : start + length]]
    return [*pieces, *([Piece("~", "only the beginning is shown")] if cut else [])]


def paint(piece: Piece) -> Content:
    """Return a line in its colours, after its sign."""
    if piece.sign == "~":
        return Content(piece.text).stylize("$quiet")
    line = Content(f"{piece.sign} {piece.text}").stylize(_STYLES[piece.sign])
    if piece.part is not None:
        start, end = piece.part
        line = line.stylize("bold reverse", start + 2, end + 2)
    return line


def _laid_out(value: Value | None, width: int) -> tuple[list[str], bool]:
    """Return the lines, and whether some are missing."""
    if value is None:
        return [ABSENT], False
    kind = "bytes" if isinstance(value, bytes) else ""
    size = len(value) if isinstance(value, str | bytes) else 0
    found = sheet(value, size, kind, max(width - 2, 0), _CHARACTERS)
    return found.lines[:_LINES], bool(found.note) or len(found.lines) > _LINES


def _pieces(old: list[str], new: list[str]) -> list[Piece]:
    from difflib import SequenceMatcher

    pieces: list[Piece] = []
    codes = SequenceMatcher(None, old, new).get_opcodes()
    for place, (tag, begin, end, start, stop) in enumerate(codes):
        if tag == "equal":
            pieces += _context(old[begin:end], first=place == 0, last=place == len(codes) - 1)
        elif end - begin == stop - start:
            for one, other in zip(old[begin:end], new[start:stop], strict=True):
                pieces += _replaced(one, other)
        else:
            pieces += [Piece("-", line) for line in old[begin:end]]
            pieces += [Piece("+", line) for line in new[start:stop]]
    return pieces if any(piece.sign in "-+" for piece in pieces) else []


def _context(lines: list[str], *, first: bool, last: bool) -> list[Piece]:
    """Return a few unchanged lines next to those that differ."""
    before = [] if first else lines[:_CONTEXT_LINES]
    after = [] if last else lines[max(len(lines) - _CONTEXT_LINES, len(before)) :]
    left_out = len(lines) - len(before) - len(after)
    gap = [Piece("~", f"⋯ {format_count(left_out, 'line')} the same")] if left_out else []
    return [*(Piece(" ", line) for line in before), *gap, *(Piece(" ", line) for line in after)]


def _replaced(old: str, new: str) -> list[Piece]:
    """Return a line and its replacement, with the words marked that differ."""
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    if start + end < max(len(old), len(new)) // 3:
        return [Piece("-", old), Piece("+", new)]
    while start and old[start - 1].isalnum():
        start -= 1
    while end and old[len(old) - end].isalnum():
        end -= 1
    return [Piece("-", old, (start, len(old) - end)), Piece("+", new, (start, len(new) - end))]


def _common(one: str, other: str) -> int:
    """Return the length of the common beginning of two texts."""
    for place, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return place
    return min(len(one), len(other))
