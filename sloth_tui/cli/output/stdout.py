"""Write the data of a command to stdout: exact when piped, escaped on a terminal.

Machine formats are UTF-8 in every locale. On a terminal, characters that could control it are written as
escapes: in JSON as ``\\uXXXX``, which is the same value to a parser, elsewhere as by
:func:`sloth_tui.text.display_text`.
"""

from __future__ import annotations

import sys

from sloth_tui.errors import SlothError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

_BUFFER_BYTES = 1 << 16
_CLOSED = "cannot write the output: stdout is closed"


class OutputClosed(Exception):
    """The reader of stdout went away (``| head``). That is not a failure, but the command ends."""


class Output:
    """Standard output, collected into large writes: nothing is written before ``flush`` or 64 KiB."""

    def __init__(self) -> None:
        self.terminal = sys.stdout is not None and sys.stdout.isatty()
        self._waiting: list[bytes] = []
        self._size = 0

    def check_open(self, hint: str) -> None:
        """Raises SlothError if stdout is closed; for commands whose result must not get lost."""
        if sys.stdout is None:
            raise SlothError(_CLOSED, hint=hint)

    def exact(self, data: bytes) -> None:
        """Add bytes as they are; only when piped."""
        self._waiting.append(data)
        self._size += len(data)
        if self._size >= _BUFFER_BYTES:
            self.flush()

    def json(self, text: str) -> None:
        """Add JSON text; on a terminal with invisible and control characters as escapes."""
        if self.terminal:
            text = _escaped(text)
        self.exact(text.encode())

    def line(self, data: str | bytes, *, lines: bool = False, end: str = "\n") -> None:
        """Add a line of a machine format other than JSON; with ``lines`` it may hold line feeds.

        ``end`` follows it when piped; a terminal always gets a line feed.
        """
        if self.terminal:
            self.people(_shown(data, lines=lines) + "\n")
            return
        # A key of another program may not be UTF-8; the store returns its bytes as surrogates (PEP 383).
        self.exact(data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape"))
        self.exact(end.encode())

    def people(self, text: str) -> None:
        """Add text for people. Data in it must have been through ``display_text``."""
        self.exact(text.encode(getattr(sys.stdout, "encoding", None) or "ascii", "backslashreplace"))

    def flush(self) -> None:
        """Write what has been collected. Raises OutputClosed, or SlothError if it cannot be written."""
        data = b"".join(self._waiting)
        self._waiting.clear()
        self._size = 0
        if data:
            _write(data)

    def deliver(self) -> None:
        """Flush data that must arrive: a reader that went away is a failure. Raises SlothError."""
        try:
            self.flush()
        except OutputClosed:
            raise SlothError("cannot write the output: its reader went away") from None


def _shown(data: str | bytes, *, lines: bool) -> str:
    # Imported here: piped output does not need it, and imports slow down a command that is called in loops.
    from sloth_tui.text import display_text

    return display_text(data, lines=lines)


def _escaped(text: str) -> str:
    from sloth_tui.text import HARMLESS

    return text.translate({code: _json_escape(chr(code)) for code in HARMLESS if code != 0x0A})


def _json_escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def write_all(stream: TextIO, data: bytes) -> None:
    """Write all of ``data``, even to a slow reader. Raises OSError, and then leaves nothing for later."""
    buffer = stream.buffer
    # Without the buffer: at its end the interpreter would try again to write what has failed.
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
