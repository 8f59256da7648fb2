"""How the content of a file differs, as a unified diff of limited length."""

from __future__ import annotations

from typing import NamedTuple

from sloth_tui.text import format_size

CONTEXT_LINES = 3
MOST_LINES = 200
"""Lines of a difference; the rest is counted."""
LONGEST_LINE = 2000
"""Characters of one line; the rest is cut."""
LARGEST = 1024 * 1024
"""Bytes of a content that is compared line by line."""
_MOST_COMPARED = 5000
"""Lines between the first and the last that differ. The time to compare grows with their square."""
_NO_END = "\\ No newline at end of file"


class Difference(NamedTuple):
    text: str
    """Lines, without the last line feed."""
    left_out: int = 0
    """The number of lines that were left out at the end."""


def difference(path: str, old: bytes | None, new: bytes | None) -> Difference:
    """Return how ``new`` differs from ``old``; None: there is no file. Data is as it is, to be escaped."""
    before, after = _size(old), _size(new)
    if b"\0" in (old or b"") or b"\0" in (new or b""):
        return Difference(f"binary, {before} -> {after}")
    if max(len(old or b""), len(new or b"")) > LARGEST:
        return Difference(f"too large to compare, {before} -> {after}")
    was, will_be = _lines(old), _lines(new)
    start, end = _common(was, will_be)
    if max(len(was), len(will_be)) - start - end > _MOST_COMPARED:
        return Difference(f"too many lines to compare, {before} -> {after}")
    names = path if old is not None else f"{path} (absent)", f"{path} (wanted)"
    lines = [f"--- {names[0]}", f"+++ {names[1]}", *_hunks(was, will_be, start, end)]
    kept = [line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}…" for line in lines[:MOST_LINES]]
    return Difference("\n".join(kept), max(0, len(lines) - MOST_LINES))


def too_large(path: str, old: int | None, new: int | None) -> Difference | None:
    """Return what is told of contents of these sizes in bytes, or None if they can be compared."""
    if max(old or 0, new or 0) <= LARGEST:
        return None
    sizes = " -> ".join("absent" if size is None else format_size(size) for size in (old, new))
    return Difference(f"too large to compare, {sizes}")


def _size(content: bytes | None) -> str:
    return "absent" if content is None else format_size(len(content))


def _lines(content: bytes | None) -> list[str]:
    """Return the lines with their line feeds."""
    text = (content or b"").decode("utf-8", "backslashreplace")
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _common(was: list[str], will_be: list[str]) -> tuple[int, int]:
    """Return how many lines are the same at the beginning, and at the end."""
    most = min(len(was), len(will_be))
    start = 0
    while start < most and was[start] == will_be[start]:
        start += 1
    end = 0
    while end < most - start and was[-1 - end] == will_be[-1 - end]:
        end += 1
    return start, end


def _hunks(was: list[str], will_be: list[str], start: int, end: int) -> list[str]:
    """Return the hunks. ``start`` and ``end``: the number of lines at both ends that need no comparison."""
    import difflib

    start, end = max(0, start - CONTEXT_LINES), max(0, end - CONTEXT_LINES)
    old, new = was[start : len(was) - end], will_be[start : len(will_be) - end]
    groups = difflib.SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(CONTEXT_LINES)
    lines: list[str] = []
    for group in groups:
        (_, old_from, _, new_from, _), (_, _, old_to, _, new_to) = group[0], group[-1]
        old_range = _range(start + old_from, start + old_to)
        lines.append(f"@@ -{old_range} +{_range(start + new_from, start + new_to)} @@")
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                lines += _marked(" ", old[i1:i2])
                continue
            lines += _marked("-", old[i1:i2])
            lines += _marked("+", new[j1:j2])
    return lines


def _range(first: int, end: int) -> str:
    """Return lines, counted from 0, as a hunk names them."""
    count = end - first
    if count == 1:
        return str(first + 1)
    return f"{first + 1 if count else first},{count}"


def _marked(mark: str, lines: list[str]) -> list[str]:
    marked = []
    for line in lines:
        marked.append(mark + line.removesuffix("\n"))
        if not line.endswith("\n"):
            marked.append(_NO_END)
    return marked
