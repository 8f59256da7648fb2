"""The newest lines of the output of a run, between the thread that reads events and the screen."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias

from sloth_tui.model import TextPiece
from sloth_tui.runner.events import RunStarted, TaskFinished, TaskOutput, TaskStarted
from sloth_tui.runner.protocol import public_line
from sloth_tui.runner.public_events import decode_public
from sloth_tui.text import display_text
from sloth_tui.tui.services.run_output.lines import INDENT, OutputLine
from sloth_tui.tui.services.run_output.telling import RunTeller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sloth_tui.model import TextLine
    from sloth_tui.runner.events import RunEvent
    from sloth_tui.tui.services.run_output.changes import RunChange

MAX_LINES = 20_000
MAX_BYTES = 16 * 1024 * 1024
_SURPLUS = 8
"""A buffer may be larger by one part of so many before its oldest lines go at once: each move of the rest
takes time."""
_OUTPUT = b'{"event":"task_output",'
_PARTIAL = (b'"partial":true}', b'"partial":true}\n')
_LINE_BYTES = 256
"""Bytes that a line without data is taken to need."""

_Entry: TypeAlias = bytes | OutputLine
"""A line: the event of an output line as it came, or what is told of another event."""


class OutputBuffer:
    """Keeps the newest lines, up to a number of lines and bytes.

    Lines are numbered from 0 in the order they came, and keep their numbers when older ones are dropped. Any
    thread may add; output is decoded only when it is read.
    """

    in_file = True
    """True if lines that were dropped are in the file of the run."""

    def __init__(
        self,
        is_secret: Callable[[str], bool] = lambda key: False,
        *,
        how_to_kill: str = "",
        max_lines: int = MAX_LINES,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """``is_secret``: True for keys whose values are not shown. ``how_to_kill``: what a person does to end
        the commands of a run that is being stopped."""
        self._max_lines = max_lines
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._teller = RunTeller(is_secret, how_to_kill)
        self._entries: list[_Entry] = []
        self._size = 0
        self._unfinished: dict[tuple[object, object, object], int] = {}
        """The numbers of lines that are not at their end, by task, stream and host."""
        self._rewritten: list[int] = []
        self._rewritten_before = 0
        self.first = 0
        """The number of the oldest line that is kept, and so how many were dropped."""
        self.left_out = 0
        """Bytes of events that were not added at all, because there are too many."""
        self.started: RunStarted | None = None
        """The first event of the run, once it is there: which run it is, of which file, on which agent."""
        self.version = 0
        """Grows with every change."""

    @property
    def end(self) -> int:
        """The number that the next line gets."""
        return self.first + len(self._entries)

    def add(self, lines: Iterable[bytes]) -> None:
        """Add events, each one line of JSON as the runner writes it; what is no event is left out."""
        with self._lock:
            for line in lines:
                if line.startswith(_OUTPUT):
                    self._add_output(line)
                else:
                    with suppress(ValueError):
                        self._add_event(decode_public(line))
            self._trim()
            self.version += 1

    def lines(self, start: int, stop: int) -> list[OutputLine]:
        """Return the lines of these numbers that are still kept."""
        with self._lock:
            entries = self._entries[max(start - self.first, 0) : max(stop - self.first, 0)]
        return [entry if isinstance(entry, OutputLine) else _decode_output(entry) for entry in entries]

    def rewritten(self, since: int) -> tuple[int, list[int]]:
        """Return the numbers of lines that were written anew, or finished, after a point, and the point for
        the next call. The first point is 0."""
        with self._lock:
            numbers = self._rewritten[max(since - self._rewritten_before, 0) :]
            return self._rewritten_before + len(self._rewritten), sorted(set(numbers))

    @property
    def changes_version(self) -> int:
        """Grows with every change of the run."""
        return self._teller.changes.version

    def changes(self) -> tuple[list[RunChange], int]:
        """Return the keys and resources that the run changed so far, and the number of changes that are not
        among them, because they are too many."""
        with self._lock:
            return self._teller.changes.list(), self._teller.changes.unlisted

    def _add_output(self, line: bytes) -> None:
        partial = line.endswith(_PARTIAL)
        if not partial and not self._unfinished:
            self._entries.append(line)
            self._size += len(line) + _LINE_BYTES
            return
        origin = _origin_of(line)
        number = self._unfinished.pop(origin, None)
        if number is None or number < self.first:
            number = self.end
            self._entries.append(line)
            self._size += len(line) + _LINE_BYTES
        else:
            self._rewrite(number, line)
        if partial:
            self._unfinished[origin] = number

    def _rewrite(self, number: int, line: bytes) -> None:
        index = number - self.first
        self._size += len(line) + _LINE_BYTES - size_of(self._entries[index])
        self._entries[index] = line
        if len(self._rewritten) >= self._max_lines:
            half = len(self._rewritten) // 2
            del self._rewritten[:half]
            self._rewritten_before += half
        self._rewritten.append(number)

    def _add_event(self, event: RunEvent) -> None:
        if isinstance(event, TaskOutput):
            self._add_output(public_line(event))
            return
        if isinstance(event, RunStarted):
            self.started = event
        elif isinstance(event, (TaskStarted, TaskFinished)):
            # What a command left unfinished when it was killed stays as it is.
            mine = [
                origin for origin in self._unfinished if (origin[0], origin[2]) == (event.task, event.host)
            ]
            for origin in mine:
                del self._unfinished[origin]
        for told in self._teller.lines(event):
            self._entries.append(told)
            self._size += size_of(told)

    def _trim(self) -> None:
        most, largest = self._max_lines, self._max_bytes
        if len(self._entries) <= most + most // _SURPLUS and self._size <= largest + largest // _SURPLUS:
            return
        surplus = max(len(self._entries) - most, 0)
        for entry in self._entries[:surplus]:
            self._size -= size_of(entry)
        while self._size > largest and surplus < len(self._entries) - 1:
            self._size -= size_of(self._entries[surplus])
            surplus += 1
        del self._entries[:surplus]
        self.first += surplus


def size_of(entry: _Entry) -> int:
    if isinstance(entry, bytes):
        return len(entry) + _LINE_BYTES
    return sum(4 * len(piece.text) + _LINE_BYTES for piece in entry.pieces)


def _origin_of(line: bytes) -> tuple[object, object, object]:
    fields = _fields_of(line)
    return fields.get("task"), fields.get("stream"), fields.get("host")


def _fields_of(line: bytes) -> dict[str, object]:
    with suppress(ValueError, RecursionError):
        fields = json.loads(line)
        if isinstance(fields, dict):
            return fields
    return {}


def _decode_output(line: bytes) -> OutputLine:
    fields = _fields_of(line)
    task, host = (_text_or_none(fields.get(name)) for name in ("task", "host"))
    pieces: TextLine = (TextPiece(INDENT, "plain"),)
    if host is not None:
        pieces += (TextPiece(f"{display_text(host, 200)} | ", "quiet"),)
    if fields.get("stream") == "stderr":
        pieces += (TextPiece("! ", "warning"),)
    text = str(fields.get("text", "")).rstrip("\r")
    return OutputLine(pieces, text[text.rfind("\r") + 1 :], task, host, printed=True)


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None
