"""Ctrl-C ends a command even if it comes while the interpreter runs code whose exceptions it ignores."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tests.support import A_MINUTE

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
