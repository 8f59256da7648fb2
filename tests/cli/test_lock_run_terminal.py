"""``lock run`` on a terminal: editors, pipelines with a reader at the keyboard, Ctrl-Z and Ctrl-C."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

import pexpect
import pytest

from sloth_tui.store import open_store
from tests.support import A_MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux" or shutil.which("bash") is None, reason="wants bash"),
]

EDITOR = """
import os, signal, sys, termios, tty
def go_on(*_):
    tty.setcbreak(0)
    os.write(1, b"continued\\n")  # not by print, within which this may be called
before = termios.tcgetattr(0)
tty.setcbreak(0)
signal.signal(signal.SIGCONT, go_on)
foreground = os.tcgetpgrp(0) == os.getpgrp()
print("ready, foreground:", foreground, flush=True)
key = os.read(0, 1).decode()
termios.tcsetattr(0, termios.TCSANOW, before)
print("pressed", key, flush=True)
sys.exit(5)
"""
"""Like vim: it changes the modes of the terminal and reads a key."""


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[pexpect.spawn[str]]:
    """An interactive shell with job control, in which ``under`` runs a command under the lock ``job``."""
    editor = tmp_path / "editor.py"
    editor.write_text(EDITOR)
    spawned = pexpect.spawn(
        "bash",
        ["--norc", "--noprofile", "-i"],
        env={**os.environ, "PS1": "$ ", "TERM": "dumb", "E": f"{sys.executable} {editor}"},
        timeout=A_MINUTE,
        encoding="utf-8",
        echo=False,
    )
    spawned.expect_exact("$ ")
    spawned.sendline(
        "bind 'set enable-bracketed-paste off'; "
        f"under() {{ '{sys.executable}' -m sloth_tui lock run job --ttl 100 -- \"$@\"; }}"
    )
    spawned.expect_exact("$ ")
    yield spawned
    spawned.close(force=True)


def is_held() -> bool:
    with open_store("local") as store:
        return store.lock("job") is not None


def test_an_editor_has_the_terminal_and_is_suspended_and_continued(shell: pexpect.spawn[str]) -> None:
    shell.sendline("under $E; echo code $?")
    shell.expect_exact("ready, foreground: True")
    shell.sendcontrol("z")
    shell.expect_exact("Stopped")
    shell.expect_exact("$ ")
    assert is_held()
    shell.sendline("echo the shell has the terminal")
    shell.expect_exact("the shell has the terminal")
    shell.sendline("fg; echo code $?")
    shell.expect_exact("continued")
    shell.send("q")
    shell.expect_exact("pressed q")
    shell.expect_exact("code 5")
    assert not is_held()


def test_ctrl_c_ends_the_command_and_its_exit_code_says_so(shell: pexpect.spawn[str]) -> None:
    shell.sendline("under $E; echo code $?")
    shell.expect_exact("ready")
    shell.sendcontrol("c")
    shell.expect_exact("code 130")
    assert not is_held()


def test_in_a_pipeline_the_command_gets_the_terminal_when_it_asks_for_it(shell: pexpect.spawn[str]) -> None:
    """The other end of the pipeline keeps it until then: it may be a pager."""
    shell.sendline(
        'under sh -c \'echo be""gun >&2; read line < /dev/tty; echo "read $line"\' | cat; '
        "echo code ${PIPESTATUS[0]}"
    )
    shell.expect_exact("begun")
    shell.sendline("an answer")
    shell.expect_exact("read an answer")
    shell.expect_exact("code 0")
    assert not is_held()


def test_a_job_in_the_background_stops_when_it_reads_and_goes_on_in_the_foreground(
    shell: pexpect.spawn[str],
) -> None:
    shell.sendline("under $E &")
    shell.expect_exact("$ ")
    shell.sendline("wait -n; fg; echo code $?")
    shell.expect_exact("ready, foreground: True")
    shell.send("x")
    shell.expect_exact("pressed x")
    shell.expect_exact("code 5")
    assert not is_held()


def test_without_a_shell_that_could_continue_it_a_suspended_editor_goes_on(shell: pexpect.spawn[str]) -> None:
    """A terminal that was opened for this command alone: nobody could ever continue it."""
    command = f"exec '{sys.executable}' -m sloth_tui lock run job --ttl 100 -- $E"
    shell.sendline(command)
    shell.expect_exact("ready, foreground: True")
    shell.sendcontrol("z")
    shell.expect_exact("continued")
    shell.send("q")
    shell.expect_exact("pressed q")
    shell.expect(pexpect.EOF)
    shell.close()
    assert shell.exitstatus == 5
