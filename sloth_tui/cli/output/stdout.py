"""Where a command's data goes: stdout, exact when piped, harmless on a terminal.

Machine formats are written as UTF-8 whatever the locale says. On a terminal, what could act on it is
shown as escapes instead: in JSON as ``\\uXXXX``, which is the same value to a parser, elsewhere as
:func:`sloth_tui.text.display_text` shows it.
"""

from __future__ import annotations

import sys

from sloth_tui.errors import SlothError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

_CHUNK = 1 << 16
_CLOSED = "cannot write the output: stdout is closed"


class OutputClosed(Exception):
    """The reader of stdout went away (``| head``): no failure, nothing more to do."""


class Output:
    """Standard output, collected into large writes; nothing is written before ``flush`` or 64 KiB."""

    def __init__(self) -> None:
        self.terminal = sys.stdout is not None and sys.stdout.isatty()
        self._waiting: list[bytes] = []
        self._size = 0

    def check_open(self, hint: str) -> None:
        """Raises SlothError where stdout is closed; for what is better not done than done without telling."""
        if sys.stdout is None:
            raise SlothError(_CLOSED, hint=hint)

    def exact(self, data: bytes) -> None:
        """Bytes as they are; only for what is piped."""
        self._waiting.append(data)
        self._size += len(data)
        if self._size >= _CHUNK:
            self.flush()

    def json(self, text: str) -> None:
        """JSON text; on a terminal with its invisible and control characters as escapes."""
        if self.terminal:
            text = _escaped(text)
        self.exact(text.encode())

    def line(self, data: str | bytes, *, lines: bool = False, end: str = "\n") -> None:
        """A line of a machine format other than JSON; with ``lines`` one that may hold line feeds.

        ``end`` is what comes after it when piped; a terminal always gets a line feed.
        """
        if self.terminal:
            self.people(_shown(data, lines=lines) + "\n")
            return
        # Another program's key may be no UTF-8; the store hands out its bytes as PEP 383 has it.
        self.exact(data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape"))
        self.exact(end.encode())

    def people(self, text: str) -> None:
        """Text for people, which has been through ``display_text`` wherever it holds data."""
        self.exact(text.encode(getattr(sys.stdout, "encoding", None) or "ascii", "backslashreplace"))

    def flush(self) -> None:
        """Write what has been collected. Raises OutputClosed, or SlothError where it cannot be written."""
        data = b"".join(self._waiting)
        self._waiting.clear()
        self._size = 0
        if data:
            _write(data)

    def deliver(self) -> None:
        """``flush`` for what has to arrive: a reader that went away is a failure. Raises SlothError."""
        try:
            self.flush()
        except OutputClosed:
            raise SlothError("cannot write the output: its reader went away") from None


def _shown(data: str | bytes, *, lines: bool) -> str:
    # Nothing that is piped needs it, and every module counts in a command that scripts call in loops.
    from sloth_tui.text import display_text

    return display_text(data, lines=lines)


def _escaped(text: str) -> str:
    from sloth_tui.text import HARMLESS

    return text.translate({code: _json_escape(chr(code)) for code in HARMLESS if code != 0x0A})


def _json_escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def write_all(stream: TextIO, data: bytes) -> None:
    """Write all of ``data``, however slow its reader is. Raises OSError; nothing is left for later then."""
    buffer = stream.buffer
    # Past the buffer: the interpreter would try once more to write what has failed, on its way out.
    file = getattr(buffer, "raw", buffer)
    view = memoryview(data)
    while view:
        written = file.write(view)
        if written is None:
            import select

            select.select([], [file], [])
        else:
            view = view[written:]


def _write(data: bytes) -> None:
    if sys.stdout is None:
        raise SlothError(_CLOSED)
    try:
        write_all(sys.stdout, data)
    except BrokenPipeError:
        raise OutputClosed from None
    except OSError as error:
        raise SlothError(f"cannot write the output: {error.strerror}") from error
