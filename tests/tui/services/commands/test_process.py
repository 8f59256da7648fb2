"""The processes of commands: what they print, how they end, that none is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.processes import find_in_session, read_process
from sloth_tui.settings import Settings
from sloth_tui.tui.messages import OwnCommandEnded
from sloth_tui.tui.services.commands.commands import OwnCommands
from sloth_tui.tui.services.commands.outcome import outcome_of
from sloth_tui.tui.services.commands.output import CommandOutput
from tests.support import wait_until
from tests.tui.services.commands.support import commands, ended, handed, printed, result
from tests.tui.services.inbox import Inbox

if TYPE_CHECKING:
    from pathlib import Path

    from sloth_tui.tui.services.commands.process import RunningCommand

pytestmark = pytest.mark.slow

STUBBORN = "trap '' TERM; timeout 1000 sleep 1000 & echo $$; while :; do sleep 1; done"
"""One of its processes is in a process group of its own."""


def test_output_and_errors_come_in_order_and_the_exit_code_is_told(base: Path) -> None:
    assert result("echo a; echo b >&2; printf c; exit 3") == (3, ["a", "b", "c"])
    assert result("kill -KILL $$") == (-9, [])


def _is_of(command: RunningCommand, message: OwnCommandEnded) -> bool:
    return message.number == command.number


def test_its_end_is_posted_and_told_in_words(base: Path) -> None:
    inbox = Inbox()
    started = OwnCommands(inbox, Settings())
    for text, words, failed in (
        ("true", "is done after ", False),
        ("exit 7", "failed with exit code 7", True),
        ("kill -SEGV $$", "was ended by SIGSEGV after ", True),
    ):
        command = started.start(handed(text))
        ended(command)
        inbox.wait_for(OwnCommandEnded, partial(_is_of, command))
        end = outcome_of(command)
        assert end.words.startswith(words)
        assert end.failed == failed
        assert started.find(command.number) is command
    assert started.running == []


def test_what_it_leaves_in_the_background_goes_on_and_does_not_hold_it_up(base: Path) -> None:
    command = ended(commands().start(handed("sleep 1000 & echo $!")))
    (pid,) = map(int, printed(command))
    assert command.exit_code == 0
    assert read_process(pid) is not None
    os.kill(pid, signal.SIGKILL)


def test_a_stopped_command_gets_its_grace_and_the_second_time_none(base: Path) -> None:
    started = commands(grace=1000.0)
    kind = started.start(handed("trap 'echo bye; exit 5' TERM; echo $$; while :; do sleep 0.1; done"))
    wait_until(lambda: printed(kind))
    kind.stop()
    assert ended(kind).exit_code == 5
    assert printed(kind)[-1] == "bye"
    assert outcome_of(kind).words.startswith("was stopped after ")
    assert not outcome_of(kind).failed
    stubborn = started.start(handed(STUBBORN))
    session = int(wait_until(lambda: printed(stubborn))[0])
    stubborn.stop()
    assert stubborn.running
    stubborn.stop()
    assert ended(stubborn).exit_code == -signal.SIGKILL
    assert find_in_session(session) == []


def test_one_that_takes_too_long_is_stopped_with_all_its_processes(base: Path) -> None:
    command = ended(commands(grace=0.2).start(handed(STUBBORN, timeout=0.3)))
    assert outcome_of(command) == ("took longer than 0.3s", True)
    assert find_in_session(int(printed(command)[0])) == []


def test_closing_ends_all_of_them(base: Path) -> None:
    started = commands(grace=0.2)
    running = [started.start(handed(STUBBORN)) for _ in range(2)]
    sessions = [int(wait_until(lambda one=one: printed(one))[0]) for one in running]  # type: ignore[misc]
    started.close()
    assert [one.running for one in running] == [False, False]
    assert [find_in_session(session) for session in sessions] == [[], []]


def test_none_is_left_behind_when_this_program_is_killed(base: Path) -> None:
    program = (
        "import time\n"
        "from tests.tui.services.commands.support import commands, handed, printed\n"
        f"command = commands(grace=0.2).start(handed({STUBBORN!r}))\n"
        "while not printed(command): time.sleep(0.01)\n"
        "print(printed(command)[0], flush=True); time.sleep(1000)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    session = int(process.stdout.readline())
    assert len(find_in_session(session)) >= 2
    process.kill()
    process.wait()
    process.stdout.close()
    wait_until(lambda: not find_in_session(session), what="the end of its command")


def test_a_flood_is_cut_and_lines_keep_their_numbers() -> None:
    output = CommandOutput()
    for number in range(4000):
        output.take(b"".join(b"line %d\n" % (10 * number + step) for step in range(10)))
    assert output.end == 40_000
    assert output.end - output.first <= 23_000
    assert output.texts(output.first, output.first + 1) == [f"line {output.first}"]
    assert output.last == "line 39999"
    output.take(b"\x1b[31mred\x1b[0m \x1b]0;title\x07line\n\x1b[0m\n")
    assert output.last == "red line"
    output.take(b"x" * 50_000_000)
    assert sum(map(len, output.texts(0, output.end))) <= 18 * 1024 * 1024


def test_a_line_that_is_written_on_is_told_apart_from_new_ones() -> None:
    output = CommandOutput()
    output.take(b"one\n10%")
    point, lines = output.rewritten(0)
    assert (output.end, lines) == (2, [])
    output.take(b"\r20%")
    point, lines = output.rewritten(point)
    assert lines == [1]
    output.take(b"\ntwo\xff\n")
    assert output.texts(0, 9) == ["one", "20%", "two\udcff"]
    assert [line.text for line in output.lines(0, 9)] == output.texts(0, 9)
    point, lines = output.rewritten(point)
    assert lines == [1]
    output.take(b"x" * 20_000 + b"\n")
    assert [len(text) for text in output.texts(3, 9)] == [8000, 8000, 4000]
    assert output.rewritten(point)[1] == []
