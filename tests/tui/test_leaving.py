"""Leaving at any moment, the first ones too, is no accident: no traceback, and the right code."""

from __future__ import annotations

import random
import shlex
import signal
import sys
import time
from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.support import rounds, sweep, wait_until
from tests.tui.test_terminal import ALTERNATE_SCREEN, Terminal

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

_ROUNDS = rounds(1, 60)
_WAYS = {"q": 0, "ctrl+q": 0, "SIGTERM": 143, "SIGINT": 130, "SIGHUP": 129, "closed": 129}
_KEYS = {"q": "q", "ctrl+q": "\x11"}


def _pty(terminal: Terminal) -> Any:
    return cast("Any", terminal.process).ptyproc


def _leave(terminal: Terminal, way: str) -> None:
    if way in _KEYS:
        terminal.process.send(_KEYS[way])
    elif way == "closed":
        _pty(terminal).fileobj.close()
    else:
        terminal.process.kill(getattr(signal, way))


def _code(terminal: Terminal) -> int | None:
    """How it ended, as a shell tells it."""

    process = _pty(terminal)

    def ended() -> bool:
        if not process.fileobj.closed:
            terminal.reads()
        return not process.isalive()

    wait_until(ended, seconds=60, what="the program gone")
    if not process.fileobj.closed:
        terminal.reads()
    code: int | None = process.exitstatus if process.signalstatus is None else 128 + process.signalstatus
    return code


@pytest.mark.parametrize("way", sweep(_WAYS, ["q", "SIGTERM", "closed"]))
def test_the_first_moments_with_a_screen(believable: Path, way: str) -> None:
    for number in range(_ROUNDS):
        terminal = Terminal()

        def begun(terminal: Terminal = terminal) -> bool:
            terminal.reads()
            return ALTERNATE_SCREEN + b"h" in terminal.received

        wait_until(begun, seconds=60, what="the first output")
        # Just when does not matter: whatever the moment is, the end must be the same.
        time.sleep(random.uniform(0, 0.12) * ((number + 1) % 4))
        _leave(terminal, way)
        assert _code(terminal) == _WAYS[way]
        assert b"Traceback" not in terminal.received
        assert way == "closed" or terminal.is_restored()


@pytest.mark.parametrize("way", sweep(["SIGTERM", "SIGINT", "SIGHUP", "closed"], ["SIGINT", "closed"]))
def test_before_there_is_a_screen(believable: Path, way: str) -> None:
    program = (
        "import os, sys\nfrom sloth_tui.tui import run_app\n"
        "import sloth_tui.settings as settings\n"
        "load = settings.load_settings\n"
        "settings.load_settings = lambda: [os.write(1, b'begun'), load()][1]\n"
        "sys.exit(run_app('local', False))"
    )
    for _ in range(_ROUNDS):
        terminal = Terminal(program)

        def begun(terminal: Terminal = terminal) -> bool:
            terminal.reads()
            return b"begun" in terminal.received

        wait_until(begun, seconds=60, what="the program begun")
        time.sleep(random.uniform(0, 0.2))
        _leave(terminal, way)
        assert _code(terminal) == _WAYS[way]
        assert b"Traceback" not in terminal.received


_HELD = """
import os, sys, time
from textual.drivers.linux_driver import LinuxDriver
from sloth_tui.tui import run_app
plain = LinuxDriver._enable_mouse_support
def held(driver):
    LinuxDriver._enable_mouse_support = plain
    os.write(1, b"begun")
    while not {over}:
        time.sleep(0.01)
    plain(driver)
LinuxDriver._enable_mouse_support = held
{more}
sys.exit(run_app("local", False))
"""
"""The app, which stays a while in the middle of setting up its terminal."""
_GONE = """
def gone():
    try:
        os.tcgetpgrp(0)
    except OSError:
        return True
"""
_TOLD = """
import signal
told = []
listen = signal.signal
def heard(number, handler):
    if number == signal.SIGCONT and callable(handler):
        def noting(*arguments):
            told.append(number)
            handler(*arguments)
        return listen(number, noting)
    return listen(number, handler)
signal.signal = heard
"""


def _begun(terminal: Terminal) -> None:
    def begun() -> bool:
        terminal.reads()
        return b"begun" in terminal.received

    wait_until(begun, seconds=60, what="the program begun")


def test_a_terminal_that_goes_away_while_it_is_set_up(believable: Path) -> None:
    terminal = Terminal(_HELD.format(over="gone()", more=_GONE))
    try:
        _begun(terminal)
        _leave(terminal, "closed")
        assert _code(terminal) == 129
    finally:
        if terminal.process.isalive():
            terminal.process.kill(signal.SIGKILL)


def test_a_terminal_whose_first_program_does_not_pass_on_that_it_is_gone(
    believable: Path, tmp_path: Path
) -> None:
    """As GNU make does not: it gets SIGHUP alone, and waits for the app."""
    left = tmp_path / "left"
    first = f"trap '' HUP; {shlex.quote(sys.executable)} -m sloth_tui; echo $? >{left}; exec sleep 600"
    terminal = Terminal(argv=["sh", "-c", first])
    try:
        terminal.sees("deployment:version")
        _leave(terminal, "closed")
        wait_until(lambda: left.exists() and left.read_text() == "129\n", seconds=60, what="the app gone")
    finally:
        terminal.process.kill(signal.SIGKILL)
        assert _code(terminal) == 128 + signal.SIGKILL


def test_being_told_to_go_on_while_the_terminal_is_set_up(believable: Path) -> None:
    """It is set up once."""
    terminal = Terminal(_HELD.format(over="told", more=_TOLD))
    try:
        _begun(terminal)
        terminal.process.kill(signal.SIGCONT)
        terminal.sees("deployment:version")
        assert terminal.received.count(ALTERNATE_SCREEN + b"h") == 1
        terminal.process.send("q")
        assert _code(terminal) == 0
        assert terminal.is_restored()
    finally:
        if terminal.process.isalive():
            terminal.process.kill(signal.SIGKILL)
