"""Run the command line in this process, piped or on a terminal of 100 x 30."""

from __future__ import annotations

import io
import os
import sys
import termios
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, TextIO

import pyte

from sloth_tui.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator

COLUMNS, LINES = 100, 30


class Result(NamedTuple):
    code: int
    stdout: bytes
    stderr: bytes

    @property
    def out(self) -> str:
        return self.stdout.decode()

    @property
    def err(self) -> str:
        return self.stderr.decode()


def piped(*words: str, stdin: bytes = b"") -> Result:
    """Run a command line as a script does, with pipes, and return its output."""
    out, err = io.BytesIO(), io.BytesIO()
    with _standard_streams(
        io.TextIOWrapper(io.BytesIO(stdin), "utf-8"),
        io.TextIOWrapper(out, "utf-8", write_through=True),
        io.TextIOWrapper(err, "utf-8", "backslashreplace", write_through=True),
    ):
        code = main(list(words))
        return Result(code, out.getvalue(), err.getvalue())


def on_terminal(*words: str, typed: bytes = b"", columns: int = COLUMNS, encoding: str = "utf-8") -> Result:
    """Run a command line as a person does. stdout and stderr are separate terminals."""
    with _Terminal(columns) as out, _Terminal(columns) as err:
        os.write(out.screen, typed)
        with (
            open(os.dup(out.device), encoding="utf-8") as stdin,
            open(os.dup(out.device), "w", encoding=encoding) as stdout,
            open(os.dup(err.device), "w", encoding=encoding, errors="backslashreplace") as stderr,
            _standard_streams(stdin, stdout, stderr),
        ):
            code = main(list(words))
        return Result(code, out.seen(), err.seen())


def final_screen(data: bytes, columns: int = COLUMNS) -> str:
    """Return ``data`` as a terminal shows it that is high enough."""
    screen = pyte.Screen(columns, 200)
    screen.set_mode(pyte.modes.LNM)
    pyte.ByteStream(screen).feed(data)
    return "\n".join(line.rstrip() for line in screen.display).rstrip("\n") + "\n"


class _Terminal:
    """A pseudo terminal that passes bytes on as they are, read by a thread so that it never fills up."""

    _END = b"\0the end\0"

    def __init__(self, columns: int) -> None:
        self.screen, self.device = os.openpty()
        termios.tcsetwinsize(self.device, (LINES, columns))
        modes = termios.tcgetattr(self.device)
        modes[1] &= ~termios.OPOST
        modes[3] &= ~termios.ECHO
        termios.tcsetattr(self.device, termios.TCSANOW, modes)
        self._seen = b""
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> _Terminal:
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.seen()
        os.close(self.device)
        os.close(self.screen)

    def seen(self) -> bytes:
        """Everything written so far."""
        if self._reader.is_alive():
            os.write(self.device, self._END)
            self._reader.join(60)
        return self._seen.removesuffix(self._END)

    def _read(self) -> None:
        while not self._seen.endswith(self._END):
            self._seen += os.read(self.screen, 65536)


@contextmanager
def _standard_streams(stdin: TextIO, stdout: TextIO, stderr: TextIO) -> Iterator[None]:
    before = sys.stdin, sys.stdout, sys.stderr
    sys.stdin, sys.stdout, sys.stderr = stdin, stdout, stderr
    try:
        yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = before
