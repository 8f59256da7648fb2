"""Patterns of keys, as the settings name them: ``*`` any text, ``?`` one character, ``[a-z]`` one of these,
``[^a-z]`` none of these. They mean what SQLite's GLOB makes of them, in every backend.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re


def compiled(pattern: str) -> re.Pattern[str] | None:
    """Return the pattern as a regular expression for ``fullmatch``; None if no text matches it."""
    import re

    parts: list[str] = []
    at = 0
    while at < len(pattern):
        sign = pattern[at]
        at += 1
        if sign == "*":
            parts.append(".*")
        elif sign == "?":
            parts.append(".")
        elif sign == "[":
            found = _one_of(pattern, at)
            if found is None:
                return None
            at, part = found
            parts.append(part)
        else:
            parts.append(re.escape(sign))
    return re.compile("".join(parts), re.DOTALL)


def _one_of(pattern: str, at: int) -> tuple[int, str] | None:
    """Return where the brackets end that open before ``at``, and their expression; None if they never end."""
    inverse = pattern[at : at + 1] == "^"
    at += inverse
    singles: list[str] = []
    ranges: list[tuple[str, str]] = []
    before = ""  # what a range may begin with
    if pattern[at : at + 1] == "]":
        singles.append("]")
        at += 1
    while pattern[at : at + 1] not in ("", "]"):
        sign = pattern[at]
        if sign == "-" and before and pattern[at + 1 : at + 2] not in ("", "]"):
            ranges.append((before, pattern[at + 1]))
            before = ""
            at += 2
            continue
        singles.append(sign)
        before = sign
        at += 1
    if at >= len(pattern):
        return None
    return at + 1, _class_of(singles, ranges, inverse=inverse)


def _class_of(singles: list[str], ranges: list[tuple[str, str]], *, inverse: bool) -> str:
    import re

    members = "".join(map(re.escape, singles))
    members += "".join(f"{re.escape(low)}-{re.escape(high)}" for low, high in ranges if low <= high)
    if not members:
        return "." if inverse else "(?!)"
    return f"[{'^' if inverse else ''}{members}]"
