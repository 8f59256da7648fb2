"""The app on a real terminal: what arrives there, and how it is left."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, cast

import pexpect
import pyte
import pytest

from tests.support import wait_until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


ALTERNATE_SCREEN, MOUSE, CURSOR = b"\x1b[?1049", b"\x1b[?1000", b"\x1b[?25"
_PROGRAM = "import sys; from sloth_tui.tui import run_app; sys.exit(run_app('local', False))"

_DEFECTIVE = (
    """
from sloth_tui.tui.browser.controllers.dock import DockController
def defect(self, message):
    secret = "tok_very_" + "secret"
    raise RuntimeError("not meant to happen")
DockController.on_tab_read = defect
"""
    + _PROGRAM
)


def _themed(theme: str) -> str:
    return f"""
from sloth_tui.settings import Settings
from sloth_tui.tui.app import SlothApp
SlothApp("local", Settings(theme={theme!r}), read_only=False).run()
"""


class Terminal:
    """A pseudo terminal with the app in it."""

    def __init__(
        self,
        program: str = _PROGRAM,
        *,
        size: tuple[int, int] = (100, 30),
        argv: list[str] | None = None,
        **environment: str,
    ) -> None:
        """``argv`` instead of the app, for a shell that starts it, say."""
        columns, lines = size
        self.screen = pyte.Screen(columns, lines)
        self.received = b""
        self._stream = pyte.ByteStream(self.screen)
        command, *words = argv or [sys.executable, "-c", program]
        self.process = pexpect.spawn(
            command,
            words,
            dimensions=(lines, columns),
            env={**os.environ, "TERM": "xterm-256color", **environment},
            timeout=60,
        )

    def reads(self) -> None:
        try:
            data = cast("bytes", self.process.read_nonblocking(65536, timeout=0.05))
        except (pexpect.TIMEOUT, pexpect.EOF):
            return
        self.received += data
        self._stream.feed(data)

    def sees(self, text: str) -> None:
        def visible() -> bool:
            self.reads()
            return any(text in line for line in self.screen.display)

        try:
            wait_until(visible, seconds=60)
        except AssertionError:
            raise AssertionError(f"no {text!r} on the terminal:\n" + "\n".join(self.screen.display)) from None

    def loses(self, text: str) -> None:
        def gone() -> bool:
            self.reads()
            return not any(text in line for line in self.screen.display)

        wait_until(gone, seconds=60, what=f"{text!r} gone from the terminal")

    def resize(self, columns: int, lines: int) -> None:
        self.screen.resize(lines, columns)
        self.process.setwinsize(lines, columns)

    def ends(self, code: int) -> None:
        """Read until the app is gone, with this exit code."""

        def gone() -> bool:
            self.reads()
            return not self.process.isalive()

        wait_until(gone, seconds=60, what="the app gone")
        self.reads()
        self.process.close()
        assert self.process.exitstatus == code, "\n".join(self.screen.display)

    def is_restored(self) -> bool:
        """What was switched on was switched off again, last."""
        return all(
            self.received.rfind(mode + off) > self.received.rfind(mode + on) >= 0
            for mode, on, off in ((ALTERNATE_SCREEN, b"h", b"l"), (MOUSE, b"h", b"l"), (CURSOR, b"l", b"h"))
        )


def test_enter_right_after_typing_takes_what_is_found_for_it(believable: Path) -> None:
    """Not what the list still shows of before."""
    terminal = Terminal()
    terminal.sees("deployment:version")
    terminal.process.send("\x10")
    terminal.sees("Edit the value of this key")
    terminal.process.send("leave\r")
    terminal.ends(0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_restores_the_terminal(believable: Path, number: signal.Signals) -> None:
    terminal = Terminal()
    terminal.sees("deployment:version")
    terminal.process.kill(number)
    terminal.ends(128 + number)
    assert terminal.is_restored()


def test_without_colours_the_focus_can_still_be_told_and_q_restores_the_terminal(believable: Path) -> None:
    terminal = Terminal(NO_COLOR="1")
    terminal.sees("deployment:version")
    assert b"\x1b[38;2" not in terminal.received
    assert any("┏" in line for line in terminal.screen.display)
    terminal.process.send("q")
    terminal.ends(0)
    assert terminal.is_restored()


def test_a_defect_restores_the_terminal_and_prints_no_values(believable: Path) -> None:
    """A traceback with the values of variables would print secrets and escape sequences."""
    terminal = Terminal(program=_DEFECTIVE)
    terminal.ends(1)
    assert terminal.is_restored()
    assert b"not meant to happen" in terminal.received
    assert b"tok_very_secret" not in terminal.received[terminal.received.rfind(ALTERNATE_SCREEN) :]


def test_a_theme_of_the_terminals_own_colours_uses_no_others_and_ctrl_q_restores_the_terminal(
    believable: Path,
) -> None:
    terminal = Terminal(_themed("sloth-terminal"), COLORTERM="truecolor")
    terminal.sees("deployment:version")
    assert b"8;2;" not in terminal.received
    assert b"8;5;" not in terminal.received
    terminal.process.send("\x11")
    terminal.ends(0)
    assert terminal.is_restored()


def test_without_colours_such_a_theme_can_be_read(believable: Path) -> None:
    """Not black on black."""
    terminal = Terminal(_themed("sloth-terminal"), COLORTERM="truecolor", NO_COLOR="1")
    terminal.sees("deployment:version")
    places = [(y, line.find("deployment:version")) for y, line in enumerate(terminal.screen.display)]
    (cell,) = [terminal.screen.buffer[y][x] for y, x in places if x >= 0]
    assert cell.fg != cell.bg
    assert cell.fg == "default" or len({cell.fg[:2], cell.fg[2:4], cell.fg[4:]}) == 1
    terminal.process.send("q")
    terminal.ends(0)
