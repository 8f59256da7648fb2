"""Ctrl-Z gives the terminal back to a real shell, and ``fg`` brings the screen back whole."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_store
from tests.support import sweep, wait_until
from tests.tui.driving import running
from tests.tui.state import ENTRIES
from tests.tui.test_terminal import ALTERNATE_SCREEN, CURSOR, MOUSE, Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.long]

_PASTE, _KITTY_ON, _KITTY_OFF = b"\x1b[?2004", b"\x1b[>", b"\x1b[<u"
_EDITOR = '#!/bin/sh\necho "EDITING $(cat "$1")"\nread answer\nprintf %s "$answer" > "$1"\n'
_OWN_STOP = '#!/bin/sh\necho "EDITING $(cat "$1")"\nkill -STOP $$\necho AGAIN\nread answer\n'


class Shell(Terminal):
    """An interactive shell with job control that has started the app as its first job."""

    def __init__(self, size: tuple[int, int] = (100, 30), shell: str = "bash", **environment: str) -> None:
        arguments = {"bash": ["--norc", "--noprofile", "-i"], "zsh": ["-f", "-i"]}[shell]
        path = shutil.which(shell)
        assert path is not None
        super().__init__(
            argv=[path, *arguments], size=size, PS1="READY> ", URGENT="READY> ", HISTFILE="", **environment
        )
        self.sees("READY>")
        self.process.sendline(f"{sys.executable} -m sloth_tui")
        self.sees("api_token")
        if size[1] >= 30:
            self.sees("task-123")
        self.drawn = 1
        self.app = self._child()

    def _child(self) -> int:
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as file:
            (pid,) = map(int, file.read().split())
        return pid

    def state(self) -> str:
        with open(f"/proc/{self.app}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0]

    def is_stopped(self) -> None:
        """Wait until it is, and the shell has the terminal as it was."""

        def stopped() -> bool:
            self.reads()
            return self.state() == "T"

        wait_until(stopped, seconds=60, what="the app stopped")
        self.process.sendline("echo shell$((20+22))")
        self.sees("shell42")
        assert self.is_restored()
        assert self.received.rfind(_PASTE + b"l", 0, self.received.rfind(ALTERNATE_SCREEN)) > 0
        assert self.received.rfind(_KITTY_OFF) > self.received.rfind(_KITTY_ON)

    def asks_for_a_path(self) -> None:
        """Open the dialog for the path of a Lua file, from the palette."""
        self.process.send("\x10")
        self.sees("an action, an agent, a key")
        self.process.send("file of a path")
        self.sees("Run or check the Lua file of a path")
        self.process.send("\r")
        self.sees("Run a Lua file")

    def goes_on(self) -> None:
        """The screen is there again, and drawn in full."""
        self.process.sendline("fg")
        self.is_back()

    def is_back(self) -> None:
        """Wait until the app has the terminal once more."""

        def back() -> bool:
            self.reads()
            return self.received.count(ALTERNATE_SCREEN + b"h") > self.drawn

        wait_until(back, seconds=60, what="the app on screen")
        self.drawn = self.received.count(ALTERNATE_SCREEN + b"h")
        self.is_whole()

    def is_whole(self) -> None:
        """Nothing that the shell said is left, and nothing of the picture is missing."""

        def whole() -> bool:
            self.reads()
            text = "\n".join(self.screen.display)
            return (
                "api_token" in text
                and "shell42" not in text
                and self.screen.display[0].strip().startswith("sloth")
                and bool(self.screen.display[-1].strip())
            )

        try:
            wait_until(whole, seconds=60)
        except AssertionError:
            raise AssertionError("not whole:\n" + "\n".join(self.screen.display)) from None

    def leaves(self) -> None:
        self.process.send("q")
        self.sees("READY>")
        self.process.sendline("echo code$?; exit")
        self.sees("code0")
        self.ends(0)
        for mode, on, off in ((ALTERNATE_SCREEN, b"h", b"l"), (MOUSE, b"h", b"l"), (CURSOR, b"l", b"h")):
            assert self.received.rfind(mode + off) > self.received.rfind(mode + on)


@pytest.fixture
def ended() -> Iterator[list[Terminal]]:
    """Terminals that are closed at the end, whatever happened."""
    terminals: list[Terminal] = []
    yield terminals
    for terminal in terminals:
        if terminal.process.isalive():
            for pid in [getattr(terminal, "app", 0)]:
                if pid and os.path.exists(f"/proc/{pid}"):
                    os.kill(pid, signal.SIGKILL)
            terminal.process.close(force=True)


def _entries() -> dict[str, object]:
    with open_store("local", "read") as store:
        return dict(store.items())


SHELLS = [name for name in ("bash", "zsh") if shutil.which(name)]


# In what follows bash stands for both.
@pytest.mark.parametrize("shell", sweep(SHELLS, SHELLS[-1:]))
def test_the_shell_has_the_terminal_until_fg(believable: Path, ended: list[Terminal], shell: str) -> None:
    terminal = Shell(shell=shell)
    ended.append(terminal)
    for _ in range(2):
        terminal.process.send("\x1a")
        terminal.is_stopped()
        # None of this acts on the store, now or later.
        terminal.process.sendline("d y D e")
        terminal.process.sendline("echo typed")
        terminal.sees("typed")
        terminal.goes_on()
    assert _entries() == ENTRIES
    terminal.leaves()


SIZES = [(200, 60), (100, 30), (120, 40), (60, 20), (80, 24), (60, 20), (40, 10), (200, 60)]
DIALOGS = {
    "d": "Delete 1 key?",
    "?": "j and k scroll",
    "\x10": "an action, an agent, a key",
    "R": "Rename app:api_token",
    "n": "New key",
}


def test_the_screen_is_whole_at_every_size_it_comes_back_to(believable: Path, ended: list[Terminal]) -> None:
    terminal = Shell((200, 60))
    ended.append(terminal)
    for columns, lines in sweep(SIZES, [(60, 20), (200, 60)]):
        terminal.process.send("\x1a")
        terminal.is_stopped()
        terminal.resize(columns, lines)
        terminal.goes_on()
        assert len(terminal.screen.display[-1].rstrip()) <= columns
        terminal.process.send("\x1a")
        terminal.is_stopped()
        terminal.goes_on()
    terminal.leaves()


def test_what_was_typed_after_it_is_for_the_shell_over_a_dialog_too_but_in_a_text_it_takes_back(
    believable: Path, ended: list[Terminal]
) -> None:
    terminal = Shell()
    ended.append(terminal)
    # In one piece: it is on its way to the screen before the app is stopped.
    terminal.process.send("\x1adD\r\x1b[<0;3;3M\x1b[<0;3;3mq")
    terminal.is_stopped()
    terminal.goes_on()
    terminal.process.send("?")
    terminal.sees("j and k scroll")
    terminal.process.send("\x1b")
    terminal.loses("j and k scroll")
    assert _entries() == ENTRIES
    for key, seen in sweep(DIALOGS.items(), [("d", DIALOGS["d"]), ("n", DIALOGS["n"])]):
        terminal.process.send(key)
        terminal.sees(seen)
        terminal.process.send("\x1a")
        terminal.is_stopped()
        terminal.process.sendline("fg")
        terminal.loses("shell42")
        terminal.sees(seen)
        terminal.process.send("\x1b")
        terminal.loses(seen)
    terminal.process.send("jje")
    terminal.sees("ctrl+s saves")
    terminal.process.send("zzz")
    terminal.sees("zzz")
    terminal.process.send("\x1a")
    terminal.loses("zzz")
    assert terminal.state() != "T"
    terminal.process.send("\x1b")
    terminal.loses("ctrl+s saves")
    assert _entries() == ENTRIES
    terminal.leaves()


def test_signals_from_elsewhere_do_the_same_and_in_the_background_it_leaves_the_terminal_alone(
    believable: Path, ended: list[Terminal]
) -> None:
    terminal = Shell()
    ended.append(terminal)
    os.kill(terminal.app, signal.SIGTSTP)
    terminal.is_stopped()
    terminal.goes_on()
    os.kill(terminal.app, signal.SIGSTOP)
    wait_until(lambda: terminal.state() == "T", seconds=60)
    terminal.sees("READY>")
    terminal.goes_on()
    terminal.process.send("\x1a")
    terminal.is_stopped()
    shown = terminal.received.count(ALTERNATE_SCREEN + b"h")
    terminal.process.sendline("bg")
    terminal.process.sendline("wait; echo waited")
    terminal.sees("waited")
    terminal.is_stopped()
    assert terminal.received.count(ALTERNATE_SCREEN + b"h") == shown
    terminal.goes_on()
    terminal.leaves()


def test_an_editor_is_suspended_with_it_and_one_that_stops_only_itself_gives_the_terminal_away(
    believable: Path, ended: list[Terminal], tmp_path: Path
) -> None:
    editor = tmp_path / "editor"
    editor.write_text(_EDITOR)
    editor.chmod(0o700)
    terminal = Shell(EDITOR=str(editor), VISUAL="")
    ended.append(terminal)
    terminal.process.send("jjE")
    terminal.sees("EDITING 12")
    terminal.process.send("\x1a")
    wait_until(lambda: terminal.state() == "T", seconds=60, what="the app stopped with its editor")
    terminal.process.sendline("echo shell$((20+22))")
    terminal.sees("shell42")
    terminal.process.sendline("fg")
    terminal.process.sendline("13")
    terminal.is_back()
    wait_until(lambda: _entries()["deployment:count"] == 13, seconds=60)

    editor.write_text(_OWN_STOP)
    terminal.sees("13")
    terminal.process.send("E")
    terminal.sees("EDITING 13")
    wait_until(lambda: terminal.state() == "T", seconds=60, what="the app stopped after its editor")
    terminal.process.sendline("echo shell$((20+22))")
    terminal.sees("shell42")
    terminal.process.sendline("fg")
    terminal.sees("AGAIN")
    terminal.process.sendline("")
    terminal.is_back()
    assert _entries() == {**ENTRIES, "deployment:count": 13}
    terminal.leaves()


def test_a_run_goes_on_while_it_is_suspended(believable: Path, ended: list[Terminal], tmp_path: Path) -> None:
    (tmp_path / "slow.lua").write_text(
        "task({name = 'slow', run = function()\n"
        "  print('begun')\n"
        f"  cmd('while ! test -e {tmp_path}/slow; do sleep 0.05; done')\n"
        "  print('said later')\n"
        "end})\n"
    )
    (tmp_path / "loud.lua").write_text(
        "task({name = 'loud', run = function()\n"
        "  print('all begins')\n"
        f"  cmd('while ! test -e {tmp_path}/loud; do sleep 0.05; done')\n"
        "  for i = 1, 5000 do print('line ' .. i .. string.rep('.', 80)) end\n"
        f"  cmd('touch {tmp_path}/over')\n"
        "  state.set('run:lines', 5000)\n"
        "end})\n"
    )
    terminal = Shell()
    ended.append(terminal)
    # One that says nothing meanwhile: what it says afterwards arrives.
    terminal.asks_for_a_path()
    terminal.process.send(f"{tmp_path}/slow.lua\r")
    terminal.sees("begun")
    for _ in range(2):
        terminal.process.send("\x1a")
        terminal.is_stopped()
        terminal.goes_on()
        terminal.sees("begun")
    (tmp_path / "slow").touch()
    terminal.sees("said later")
    terminal.sees("done")

    # One that says far more than a pipe holds.
    terminal.asks_for_a_path()
    terminal.process.send(f"{tmp_path}/loud.lua\r")
    terminal.sees("all begins")
    terminal.process.send("\x1a")
    terminal.is_stopped()
    (tmp_path / "loud").touch()
    wait_until((tmp_path / "over").exists, seconds=60, what="the run at its end")
    wait_until(lambda: _entries().get("run:lines") == 5000, seconds=60)
    assert terminal.state() == "T"
    terminal.process.sendline("fg")
    terminal.sees("line 5000")
    terminal.sees("done")
    terminal.leaves()


def test_where_no_shell_would_take_it_that_is_said(believable: Path, ended: list[Terminal]) -> None:
    terminal = Terminal()
    ended.append(terminal)
    terminal.sees("deployment:version")
    terminal.sees("task-123")
    terminal.process.send("\x1a")
    terminal.sees("there is no shell here to go back to")
    terminal.process.kill(signal.SIGTSTP)
    terminal.process.send("?")
    terminal.sees("j and k scroll")
    terminal.process.send("q")
    terminal.loses("j and k scroll")
    terminal.process.send("q")
    terminal.ends(0)


async def test_a_screen_without_a_terminal_says_so(believable: Path) -> None:
    async with running() as app:
        await app.press("ctrl+z")
        await app.sees("there is no shell here")
