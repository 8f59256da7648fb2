"""The process that listens to a run while its own is stopped: what it kept is not lost without a word, and it
ends with whoever it stands in for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.events import TaskOutput, Warned
from sloth_tui.runner.supervision.supervisor import RunRequest, Supervisor, Suspension
from tests.runner.support import Told, stored, write
from tests.support import A_MINUTE, wait_until

if TYPE_CHECKING:
    from sloth_tui.runner.events import RunEvent

_LOST = "the process that read while this one was stopped was killed: what the run wrote then is lost"
_LOUD = """
task({{name = "first", run = function()
  print("begun")
  cmd("while ! test -e {directory}/go; do sleep 0.02; done")
  for i = 1, 5000 do print("line " .. i .. string.rep(".", 80)) end
end}})
task({{name = "second", run = function()
  state.set("begun", 1)
  cmd("while ! test -e {directory}/over; do sleep 0.02; done")
  print("said later")
end}})
"""


def _children() -> list[int]:
    found = []
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):
            found += [int(pid) for pid in (task / "children").read_text().split()]
    return found


def _stand_ins() -> list[int]:
    found = []
    for pid in _children():
        with suppress(OSError):
            if b"stand_in import main" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return found


def _told_without_the_stand_in(directory: Path) -> list[RunEvent]:
    """What a run says whose first task, and the beginning of the second, only a stand-in heard that was then
    killed."""
    text = _LOUD.format(directory=directory)
    supervisor = Supervisor(RunRequest(write(directory, text), "local"))
    events: list[RunEvent] = []

    def listen() -> None:
        for _ in map(events.append, supervisor.events()):
            pass

    listening = threading.Thread(target=listen)
    listening.start()
    suspension = Suspension()
    try:
        wait_until(lambda: any(isinstance(event, TaskOutput) for event in events), seconds=A_MINUTE)
        supervisor.prepare_suspension(suspension)
        assert suspension.begun.wait(A_MINUTE)
        # A process that begins has no command line yet.
        (pid,) = wait_until(_stand_ins, what="the stand-in")
        (directory / "go").touch()
        # More than a pipe holds was said before: somebody has taken it.
        wait_until(lambda: "begun" in stored(), seconds=A_MINUTE)
        os.kill(pid, signal.SIGKILL)
        suspension.over.set()
        wait_until(lambda: any(isinstance(event, Warned) for event in events), seconds=A_MINUTE)
        (directory / "over").touch()
        listening.join(A_MINUTE)
        assert not listening.is_alive()
    finally:
        suspension.over.set()
        (directory / "go").touch()
        (directory / "over").touch()
        supervisor.stop()
        listening.join(A_MINUTE)
    assert not _stand_ins()
    return events


@pytest.mark.slow
def test_what_a_killed_stand_in_kept_is_said_to_be_lost(base: Path, tmp_path: Path) -> None:
    told = Told(iter(_told_without_the_stand_in(tmp_path)))
    assert told.warnings == [_LOST]
    assert "said later" in told.lines
    assert "line 5000" + 80 * "." not in told.lines
    # Nobody knows how the first task ended, and it is not begun again.
    assert told.lines.count("begun") == 1
    assert (told.end.result, told.end.exit_code, told.end.error) == ("failed", 20, _LOST)
    assert told.errors == {"first": _LOST}


def test_it_ends_with_the_process_it_stands_in_for(base: Path, tmp_path: Path) -> None:
    program = (
        "import os, time\n"
        "from sloth_tui.runner.supervision.stand_in import StandIn\n"
        "source, target = os.pipe()\n"
        "one = StandIn(source)\n"
        "os.write(target, b'x' * 60000)\n"
        "print(one._pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        assert Path(f"/proc/{pid}").exists()
        process.kill()
    wait_until(lambda: not _lives(pid), seconds=A_MINUTE, what="the stand-in gone")


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
