"""Leaving at any moment, the first ones too, is no accident: no traceback, and the right code."""

from __future__ import annotations

import os
import random
import signal
import time
from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.support import wait_until
from tests.tui.test_terminal import ALTERNATE_SCREEN, Terminal

if TYPE_CHECKING:
    from pathlib import Path

_ROUNDS = 60 if os.environ.get("SLOTH_PROOF") else 4
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


@pytest.mark.parametrize("way", list(_WAYS))
def test_the_first_moments_with_a_screen(believable: Path, way: str) -> None:
    for number in range(_ROUNDS):
        terminal = Terminal()

        def begun(terminal: Terminal = terminal) -> bool:
            terminal.reads()
            return ALTERNATE_SCREEN + b"h" in terminal.received

        wait_until(begun, seconds=60, what="the first output")
        # Just when does not matter: whatever the moment is, the end must be the same.
        time.sleep(random.uniform(0, 0.06) * (number % 4))
        _leave(terminal, way)
        assert _code(terminal) == _WAYS[way]
        assert b"Traceback" not in terminal.received
        assert way == "closed" or terminal.is_restored()


@pytest.mark.parametrize("way", ["SIGTERM", "SIGINT", "SIGHUP", "closed"])
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
