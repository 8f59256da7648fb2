"""Blocks of lines between two marker lines of a text. Everything here is pure, as in :mod:`.lines`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import UsageError
from sloth_tui.runner.resources.lines import bare, inserted, split, usual_ending

if TYPE_CHECKING:
    from collections.abc import Sequence


class Markers(NamedTuple):
    """The whole lines around a block."""

    begin: bytes
    end: bytes


def markers(name: bytes, comment: bytes) -> Markers:
    """Return the markers of a block: ``# BEGIN name``; a comment with ``%s`` has them in its place."""
    for field, text in (("name", name), ("comment", comment)):
        if not text.strip():
            raise UsageError(f"{field} must not be empty")
        if any(character in text for character in (b"\n", b"\r", b"\0")):
            raise UsageError(f"{field} must be one line")
    if comment.count(b"%s") > 1:
        raise UsageError("comment must have %s once at most")
    form = comment if b"%s" in comment else comment + b" %s"
    return Markers(form.replace(b"%s", b"BEGIN " + name), form.replace(b"%s", b"END " + name))


def with_block(text: bytes, block: bytes, between: Markers, place: int | None = None) -> bytes:
    """Return the text with the block between its markers.

    If they are not there, they are inserted before line number ``place``, from 0, or at the end. A block that
    is there stays where it is. Raises UsageError.
    """
    wanted = [line.removesuffix(b"\n") for line in split(block)]
    lines = split(text)
    found = _find(lines, between)
    if found is None:
        ending = usual_ending(lines)
        new = [between.begin, *_bare(wanted, ending, between), between.end]
        return b"".join(inserted(lines, new, place, ending))
    first, last = found
    ending = b"\r\n" if lines[first].endswith(b"\r\n") else b"\n"
    inner = [line + ending for line in _bare(wanted, ending, between)]
    return b"".join([*lines[: first + 1], *inner, *lines[last:]])


def without_block(text: bytes, between: Markers) -> bytes:
    """Return the text without the block and its markers. Raises UsageError."""
    lines = split(text)
    found = _find(lines, between)
    if found is None:
        return text
    first, last = found
    return b"".join([*lines[:first], *lines[last + 1 :]])


def has_block(text: bytes, between: Markers) -> bool:
    """True if the markers are there. Raises UsageError."""
    return _find(split(text), between) is not None


def _bare(block: Sequence[bytes], ending: bytes, between: Markers) -> list[bytes]:
    """Return the lines of a block without line ends, as they are between lines of this ending."""
    found = [line.removesuffix(b"\r") if ending == b"\r\n" else line for line in block]
    for line in found:
        if line.removesuffix(b"\r") in between:
            raise UsageError(f"block contains its own marker '{_shown(line)}'")
    return found


def _find(lines: Sequence[bytes], between: Markers) -> tuple[int, int] | None:
    """Return the numbers of the marker lines, or None if there are none."""
    begins = [number for number, line in enumerate(lines) if bare(line) == between.begin]
    ends = [number for number, line in enumerate(lines) if bare(line) == between.end]
    if not begins and not ends:
        return None
    for marker, numbers in zip(between, (begins, ends), strict=True):
        if not numbers:
            raise UsageError(f"its marker '{_shown(marker)}' is missing", hint="repair it by hand")
        if len(numbers) > 1:
            where = ", ".join(str(number + 1) for number in numbers)
            raise UsageError(
                f"its marker '{_shown(marker)}' is there more than once: in lines {where}",
                hint="repair it by hand",
            )
    if begins[0] > ends[0]:
        raise UsageError("its END marker is before its BEGIN", hint="repair it by hand")
    return begins[0], ends[0]


def _shown(line: bytes) -> str:
    return line.decode("utf-8", "backslashreplace")
