"""A line of the output of a run, and where it leads."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from sloth_tui.model import TextLine
    from sloth_tui.runner.events import RunStarted

INDENT = "  "
"""Before every line about a task."""
_PLACE = re.compile(r"(?P<file>[^\n]{1,4096}?):(?P<line>\d{1,9}): ")


class KeyLink(NamedTuple):
    """The line is about this key."""

    key: str


class SourceLink(NamedTuple):
    """The line is about a line of a task file."""

    file: str
    """As the error names it, not always with its directories. Data."""
    line: int
    """From 1."""


Link: TypeAlias = KeyLink | SourceLink


class OutputLine(NamedTuple):
    """One line, as it is drawn."""

    pieces: TextLine
    """Harmless words, with their roles: the whole line, or what stands before the output of a task."""
    text: str = ""
    """What a task printed: data with escape sequences and all, but without line ends."""
    task: str | None = None
    host: str | None = None
    """The host, if the task runs for several."""
    link: Link | None = None
    printed: bool = False
    """True for output of a task, False for what is told about the run."""


def find_source(error: str | None) -> SourceLink | None:
    """Return the place that an error begins with, ``file.lua:12: ...``; None if it has none."""
    found = None if error is None else _PLACE.match(error)
    return None if found is None else SourceLink(found["file"], int(found["line"]))


def source_path(link: SourceLink, started: RunStarted | None) -> str:
    """Return the path of the file that a link names, by the run whose error it comes from."""
    if started is not None and os.path.basename(started.file) == os.path.basename(link.file):
        return started.file
    return link.file
