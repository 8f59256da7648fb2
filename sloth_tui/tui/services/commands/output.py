"""What a command has printed: the newest lines of it."""

from __future__ import annotations

from sloth_tui.tui.services.run_output.buffer import OutputBuffer, size_of
from sloth_tui.tui.services.run_output.escapes import without_escapes
from sloth_tui.tui.services.run_output.lines import OutputLine

_LINE_BYTES = 8000
"""A longer line is kept as several."""


class CommandOutput(OutputBuffer):
    """Takes bytes in one thread, and gives lines in another; only those that are drawn are decoded."""

    in_file = False
    _open = False
    """True if the last line is not at its end."""

    def take(self, data: bytes) -> None:
        """Add what was printed next."""
        if not data:
            return
        with self._lock:
            number = self.end
            if self._open:
                # Written on, and known by its number as before.
                number -= 1
                before = self._entries[-1]
                assert isinstance(before, bytes)
                data = before + data
            lines = data.split(b"\n")
            self._open = bool(lines[-1])
            if not self._open:
                lines.pop()
            if number < self.end:
                self._rewrite(number, lines[0][:_LINE_BYTES])
                lines[:1] = [lines[0][_LINE_BYTES:]] if len(lines[0]) > _LINE_BYTES else []
            for line in lines:
                self._append(line)
            self._trim()
            self.version += 1

    def lines(self, start: int, stop: int) -> list[OutputLine]:
        """Return the lines of these numbers that are still kept; bytes that are not UTF-8 are lone
        surrogates."""
        return [OutputLine((), text, printed=True) for text in self.texts(start, stop)]

    def texts(self, start: int, stop: int) -> list[str]:
        """Return the text of these lines, as a terminal leaves it after carriage returns."""
        with self._lock:
            entries = self._entries[max(start - self.first, 0) : max(stop - self.first, 0)]
        return [_text_of(entry) for entry in entries if isinstance(entry, bytes)]

    @property
    def last(self) -> str:
        """The last line that is not blank, as data but without colours; empty without one."""
        with self._lock:
            lines = (_text_of(line) for line in reversed(self._entries) if isinstance(line, bytes))
            texts = (without_escapes(line).strip() for line in lines)
            return next((text for text in texts if text), "")

    def _append(self, line: bytes) -> None:
        for at in range(0, max(len(line), 1), _LINE_BYTES):
            piece = line[at : at + _LINE_BYTES]
            self._entries.append(piece)
            self._size += size_of(piece)


def _text_of(line: bytes) -> str:
    text = line.decode("utf-8", "surrogateescape").rstrip("\r")
    return text[text.rfind("\r") + 1 :]
