"""Lines of a text. Everything here is pure: bytes in, bytes out; what is not asked for keeps its bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

NOWHERE = -1
"""The number of no line: where a line is to be inserted beside one that is not there."""
_MOST_NAMED = 20


def with_line(
    text: bytes,
    line: bytes,
    *,
    matches: Sequence[int] | None = None,
    place: int | None = None,
    every: bool = False,
) -> bytes:
    """Return the text with the line in it.

    ``matches``: the numbers of the lines, from 0, that are to become the line: one, or if there are several
    and ``every``, the first, while the others go; None: the lines that are equal to it. If there are none it
    is inserted before the line number ``place``, or added at the end. Raises UsageError, also if ``place`` is
    NOWHERE and needed.
    """
    lines = split(text)
    found = _equal(lines, line) if matches is None else list(matches)
    if not found:
        return b"".join(inserted(lines, [line], place))
    if len(found) > 1 and not every:
        if matches is None:
            return text
        raise UsageError(
            f"match is found in lines {_numbers(found)}",
            hint="all = true makes the first the line, and removes the others",
        )
    first, *others = found
    lines[first] = line + _ending(lines[first])
    gone = set(others)
    return b"".join(kept for number, kept in enumerate(lines) if number not in gone)


def without_line(text: bytes, line: bytes | None, *, matches: Sequence[int] | None = None) -> bytes:
    """Return the text without the lines of these numbers, from 0, or without those that equal the line."""
    lines = split(text)
    gone = set(_equal(lines, line or b"") if matches is None else matches)
    return b"".join(kept for number, kept in enumerate(lines) if number not in gone)


def check_line(line: bytes) -> None:
    """Raise UsageError if this is not the text of one line."""
    if not line:
        raise UsageError("line must not be empty")
    if b"\n" in line or b"\r" in line:
        raise UsageError("line must be one line, without a line feed", hint="file.block takes several")
    if b"\0" in line:
        raise UsageError("line must not contain NUL")


def check_text(path: str, content: bytes) -> None:
    """Raise UsageError if this is not the content of a text file."""
    if b"\0" in content:
        raise UsageError(f"'{path}' is no text file: it contains NUL")


def split(text: bytes) -> list[bytes]:
    """Return the lines with their line ends."""
    lines = [line + b"\n" for line in text.split(b"\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def bare(line: bytes) -> bytes:
    """Return a line without its line end."""
    return line[: len(line) - len(_ending(line))]


def usual_ending(lines: Sequence[bytes]) -> bytes:
    """Return the line end that most lines have; a line feed if no other is more frequent."""
    windows = sum(line.endswith(b"\r\n") for line in lines)
    return b"\r\n" if windows > sum(line.endswith(b"\n") for line in lines) - windows else b"\n"


def inserted(
    lines: Sequence[bytes], new: Sequence[bytes], place: int | None, ending: bytes | None = None
) -> list[bytes]:
    """Return the lines with bare ``new`` ones before number ``place``, or at the end. A last line without a
    line end gets one only if something follows it. Raises UsageError if ``place`` is NOWHERE."""
    if place == NOWHERE:
        raise UsageError("no line matches after or before, so there is no place for what is missing")
    ending = usual_ending(lines) if ending is None else ending
    at = len(lines) if place is None else place
    before = list(lines[:at])
    if before and not _ending(before[-1]):
        before[-1] += ending
    return [*before, *(line + ending for line in new), *lines[at:]]


def _ending(line: bytes) -> bytes:
    if line.endswith(b"\r\n"):
        return b"\r\n"
    return b"\n" if line.endswith(b"\n") else b""


def _equal(lines: Sequence[bytes], line: bytes) -> list[int]:
    return [number for number, found in enumerate(lines) if bare(found) == line]


def _numbers(found: Sequence[int]) -> str:
    named = ", ".join(str(number + 1) for number in found[:_MOST_NAMED])
    return named if len(found) <= _MOST_NAMED else f"{named} and {len(found) - _MOST_NAMED} more"
