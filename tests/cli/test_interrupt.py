"""Ctrl-C ends a command even if it comes while the interpreter runs code whose exceptions it ignores, or
just before a system call that waits."""

from __future__ import annotations

import fcntl
import os
import signal
import struct
import subprocess
import sys
import termios
from functools import partial
from pathlib import Path

import pexpect
import pytest

from tests.ciphers import environment
from tests.support import A_MINUTE, wait_until

_PROGRAM = """
import os, signal, sys, time, weakref
from sloth_tui.cli import interrupt

class Thing:
    pass

def forgotten(reference):
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(1000):  # somewhere here the signal is delivered
        pass

filename, name = sys.argv[1:3]
code = compile(f"def {name}(*_):\\n    call()", filename, "exec")
place = {"call": lambda: forgotten(None)}
exec(code, place)
if "guarded" in sys.argv:
    interrupt.watch()
if name == "__del__":
    Thing.__del__ = place[name]
    thing = Thing()
else:
    thing = Thing()
    reference = weakref.ref(thing, place[name])
print("begun", flush=True)
del thing
print("swallowed", flush=True)
sys.stdin.read()
"""
_PLACES = [("<frozen importlib._bootstrap>", "cb"), ("program.py", "__del__")]


def _start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("place", _PLACES)
def test_an_interrupt_in_a_callback_of_the_interpreter_is_raised_after_it(place: tuple[str, str]) -> None:
    with _start(*place, "guarded") as program:
        assert program.wait(timeout=A_MINUTE) == -signal.SIGINT
        assert program.stderr
        said = program.stderr.read()
    assert said.endswith("KeyboardInterrupt\n")
    assert "ignored" not in said


def test_by_the_handler_of_python_it_would_be_lost() -> None:
    with _start(*_PLACES[0]) as program:
        output, errors = program.communicate("", timeout=A_MINUTE)
    assert program.returncode == 0
    assert output == "begun\nswallowed\n"
    assert "Exception ignored" in errors


_LATE = """
import os, signal, sys, threading, time
from sloth_tui.cli import program

def interrupt(moment):
    while not os.path.exists(moment):
        time.sleep(0.01)
    # Python's own part of the handler is left for the main thread, and no system call of that is interrupted.
    signal.pthread_kill(threading.get_ident(), signal.SIGINT)

threading.Thread(target=interrupt, args=[sys.argv.pop(1)], daemon=True).start()
program()
"""
_TASK = """
task({name = "wait", run = function()
    print("begun")
    cmd({command = "sleep 600"})
end})
"""


def _waits(pid: int) -> bool:
    """True if the main thread sleeps, and has read all that was typed."""
    terminal = os.open(f"/proc/{pid}/fd/0", os.O_RDONLY | os.O_NOCTTY)
    try:
        unread = struct.unpack("i", fcntl.ioctl(terminal, termios.FIONREAD, bytes(4)))[0]
    finally:
        os.close(terminal)
    return not unread and Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc tells when a program waits")
@pytest.mark.parametrize(
    ("words", "said", "typed"),
    [
        (["state", "delete", "a"], "[y/N] ", ""),
        (["state", "set", "b", "-"], "", "1\n"),
        (["state", "import", "-"], "", "{\n"),
        (["run", "tasks.lua"], "begun", ""),
        (["state", "encrypt", "--yes"], "without which the data is lost: ", ""),
    ],
)
def test_an_interrupt_just_before_a_wait_ends_it(
    words: list[str], said: str, typed: str, base: Path, tmp_path: Path
) -> None:
    (tmp_path / "tasks.lua").write_text(_TASK)
    subprocess.run([sys.executable, "-m", "sloth_tui", "state", "set", "a", "1"], check=True)
    (base / "config.toml").write_text('[encryption]\nkey = "ask"\n')
    moment = tmp_path / "moment"
    program = pexpect.spawn(
        sys.executable,
        ["-c", _LATE, str(moment), *words],
        cwd=str(tmp_path),
        env=environment(),
        encoding="utf-8",
        timeout=A_MINUTE,
    )
    program.expect_exact(said)
    program.send(typed)
    program.expect_exact(typed.rstrip())  # the terminal's echo: it has it
    assert program.pid
    wait_until(partial(_waits, program.pid))
    moment.touch()
    program.expect(pexpect.EOF)
    program.close()
    assert program.exitstatus == 130
