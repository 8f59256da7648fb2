"""What the disk has: directories, task files in them, and their text. For threads: a disk may be slow.

Names and texts are data. None of these functions raises for what a directory or a file is.
"""

from __future__ import annotations

import heapq
import os
import time
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.cells import expand_tabs
from sloth_tui.documents.reading import open_regular
from sloth_tui.errors import UsageError
from sloth_tui.text import display_text, format_count, format_size, output_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SUFFIXES = (".lua", ".sloth")
SHOWN_NAMES = 1000
"""The most names of one directory that are shown."""
_LISTED_NAMES = 500_000
SOURCE_BYTES = 1024 * 1024
"""Of a longer file only so much is shown."""
_LINE_CHARACTERS = 2000
_FOUND_FILES = 100_000
_FIRST_FILES = 5_000
"""Files of one directory that come before those of others."""
_SEEN_NAMES = 500_000
_SEARCH_SECONDS = 30.0


class Folder(NamedTuple):
    """A directory: its directories and task files, hidden ones left out."""

    directories: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    note: str = ""
    """What is missing, and why; empty if nothing is."""


class Stamp(NamedTuple):
    """What tells that a file is another one now."""

    modified: int
    size: int
    number: int


class Source(NamedTuple):
    """The text of a file, in harmless lines."""

    lines: list[str]
    note: str = ""
    """What is not shown of it, or why nothing is; empty if all is."""
    stamp: Stamp | None = None


class Found(NamedTuple):
    """Task files below a directory, nearest first, with paths relative to it."""

    files: list[str]
    note: str = ""
    """Where the search gave up; empty if it did not."""


def read_folder(path: str) -> Folder:
    """List a directory; of very many names the first ones."""
    directories: list[str] = []
    files: list[str] = []
    seen, note = 0, ""
    try:
        with os.scandir(path) as listing:
            for item in listing:
                seen += 1
                if seen > _LISTED_NAMES:
                    note = f"only {_LISTED_NAMES:,} names were looked at"
                    break
                if not item.name.startswith("."):
                    if _is_directory(item):
                        directories.append(item.name)
                    elif item.name.endswith(SUFFIXES):
                        files.append(item.name)
    except (OSError, ValueError) as error:
        return Folder(note=_reason(error))
    more = max(len(directories) - SHOWN_NAMES, 0) + max(len(files) - SHOWN_NAMES, 0)
    if more:
        note = f"{format_count(more, 'more name')}: type to find one" + (f"; {note}" if note else "")
    return Folder(
        tuple(heapq.nsmallest(SHOWN_NAMES, directories)), tuple(heapq.nsmallest(SHOWN_NAMES, files)), note
    )


def find_files(root: str, is_over: Callable[[], bool]) -> Found:
    """Return the task files below a directory. Hidden directories are left out, links to directories not
    followed. Looks at a bounded number of names, and for a bounded time; ``is_over``: nobody waits any
    more."""
    found: list[str] = []
    deadline = time.monotonic() + _SEARCH_SECONDS
    for seen, path in enumerate(_walk(root)):
        if path.endswith(SUFFIXES):
            found.append(path)
        if len(found) >= _FOUND_FILES:
            return Found(found, f"only {_FOUND_FILES:,} files are searched")
        if seen >= _SEEN_NAMES:
            return Found(found, f"only the nearest {_SEEN_NAMES:,} names were looked at")
        if seen % 64 == 0 and (is_over() or time.monotonic() > deadline):
            return Found(found, f"not all directories were looked at within {_SEARCH_SECONDS:.0f} s")
    return Found(found)


def _walk(root: str) -> Iterator[str]:
    """Yield the paths of all task files below a directory, relative to it, level by level, those that are
    very many in one directory at last; an empty text for every other name, so that it counts."""
    ahead, rest = deque([""]), []
    while ahead:
        below = ahead.popleft()
        inner: list[str] = []
        files: list[str] = []
        try:
            with os.scandir(os.path.join(root, below) if below else root) as listing:
                for item in listing:
                    if item.name.startswith("."):
                        yield ""
                    elif item.is_dir(follow_symlinks=False):
                        inner.append(os.path.join(below, item.name))
                        yield ""
                    elif item.name.endswith(SUFFIXES) and not _is_directory(item):
                        files.append(os.path.join(below, item.name))
                    else:
                        yield ""
        except (OSError, ValueError):
            yield ""
        files.sort()
        yield from files[:_FIRST_FILES]
        rest += files[_FIRST_FILES:]
        ahead.extend(sorted(inner))
    yield from rest


def read_source(path: str) -> Source:
    """Read a file as harmless lines."""
    try:
        with open_regular(path) as file:
            status = os.fstat(file.fileno())
            data = file.read(SOURCE_BYTES + 1)
    except UsageError as error:
        return Source([], error.message)
    except (OSError, ValueError) as error:
        return Source([], _reason(error))
    stamp = _stamp(status)
    zero = data.find(b"\0")
    if zero >= 0:
        return Source([], f"not a text: byte {zero + 1:,} is NUL", stamp)
    notes = []
    if len(data) > SOURCE_BYTES:
        notes.append(f"the first {format_size(SOURCE_BYTES)} of {format_size(status.st_size)}")
        data = data[: data.rfind(b"\n", 0, SOURCE_BYTES) + 1 or SOURCE_BYTES]
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    if not text.isascii() and any("\udc80" <= character <= "\udcff" for character in text):
        notes.append("not UTF-8: other bytes are shown as \\xNN")
    return Source(_lines(text), "; ".join(notes), stamp)


def stamp_of(path: str) -> Stamp | None:
    """Return what tells that a file is another one now; None if it is not there."""
    try:
        return _stamp(os.stat(path))
    except (OSError, ValueError):
        return None


def _lines(text: str) -> list[str]:
    if not text:
        return []
    lines = text.removesuffix("\n").split("\n")
    return [expand_tabs(output_line(_last_state(line), _LINE_CHARACTERS)) for line in lines]


def _last_state(line: str) -> str:
    """Return a line with its lone carriage returns visible: in a source nothing is drawn over."""
    line = line.removesuffix("\r")
    return display_text(line) if "\r" in line else line


def _is_directory(item: os.DirEntry[str]) -> bool:
    try:
        return item.is_dir()
    except OSError:
        return False


def _stamp(status: os.stat_result) -> Stamp:
    return Stamp(status.st_mtime_ns, status.st_size, status.st_ino)


def _reason(error: Exception) -> str:
    """Return why a path could not be read, in a few words."""
    if isinstance(error, FileNotFoundError):
        return "there is no such file any more"
    words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return words[:1].lower() + words[1:]
