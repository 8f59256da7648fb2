"""Find processes and signal them: by procfs on Linux, elsewhere by ps."""

from __future__ import annotations

import os
import re
import signal
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_STATUS = re.compile(rb"^(?:State|PPid|Threads):\t(.*)$", re.MULTILINE)
RUN_VARIABLE = "SLOTH_RUNNER_RUN"
"""The environment variable of commands that holds the id of their run."""
LANE_VARIABLE = "SLOTH_RUNNER_LANE"
"""The one that tells the commands of one host's workers from those of the others of a run."""


class Process(NamedTuple):
    """A process by its numbers."""

    pid: int
    parent: int
    group: int
    session: int
    threads: int = 1


def processes() -> list[Process]:
    """Return every process, without those that have ended and wait to be reaped."""
    try:
        names = os.listdir("/proc")
    except OSError:
        names = []
    if "self" not in names:
        return _processes_by_ps()
    return [found for name in names if name.isdigit() and (found := read_process(int(name)))]


def read_process(pid: int) -> Process | None:
    """Read one process from procfs; None if it has ended."""
    try:
        # Not "stat": that waits for a process in exec(2), which takes seconds among a thousand processes.
        with open(f"/proc/{pid}/status", "rb", buffering=0) as file:
            state, parent, threads = _STATUS.findall(file.read())
        group, session = os.getpgid(pid), os.getsid(pid)
    except (OSError, ValueError):
        return None
    return None if state[:1] in b"ZX" else Process(pid, int(parent), group, session, int(threads))


def _processes_by_ps() -> list[Process]:
    import subprocess

    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,pgid=,stat="], capture_output=True, text=True, check=False
    )
    rows = [line.split() for line in listed.stdout.splitlines()]
    return [
        # The ps of other systems shows no session numbers, so each is looked up.
        Process(int(pid), int(parent), int(group), _session(int(pid)))
        for pid, parent, group, state in rows
        if not state.startswith("Z")
    ]


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except OSError:
        return 0


def find_descendants(pid: int) -> list[Process]:
    """Return the children of a process, their children, and so on."""
    return find_descendants_among(processes(), pid)


def find_descendants_among(everything: list[Process], pid: int) -> list[Process]:
    """Return those of ``everything`` that descend from ``pid``."""
    by_parent: dict[int, list[Process]] = {}
    for process in everything:
        by_parent.setdefault(process.parent, []).append(process)
    found: list[Process] = []
    ahead = [pid]
    while ahead:
        children = by_parent.get(ahead.pop(), [])
        found += children
        ahead += [child.pid for child in children]
    return found


def count_tasks() -> int:
    """Return the number of processes and threads of the system; 0 if it is unknown."""
    return parse_load(read_load())[0]


def read_load() -> bytes:
    """Return the content of /proc/loadavg, see proc(5); empty if there is none."""
    try:
        with open("/proc/loadavg", "rb", buffering=0) as file:
            return file.read()
    except OSError:
        return b""


def parse_load(told: bytes) -> tuple[int, int]:
    """Return from :func:`load` the number of tasks, and the number of the newest process."""
    parts = told.split()
    try:
        return int(parts[3].partition(b"/")[2]), int(parts[4])
    except (ValueError, IndexError):
        return 0, 0


def find_in_session(session: int) -> list[Process]:
    """Return the processes of a session."""
    return [process for process in processes() if process.session == session]


def find_of_lane(lane: str) -> list[Process]:
    """Return the processes that have the lane in their environment; on Linux only."""
    mark = f"{LANE_VARIABLE}={lane}".encode()
    return [process for process in processes() if mark in _environment(process.pid).split(b"\0")]


def _environment(pid: int) -> bytes:
    try:
        with open(f"/proc/{pid}/environ", "rb", buffering=0) as file:
            return file.read()
    except OSError:
        return b""


def send(found: list[Process], number: int, *, spare_group: int = 0) -> None:
    """Signal the groups of the processes, which includes children that they are forking just now.

    ``spare_group``: a group whose members are signalled one by one, because the caller is in it.
    """
    for group in {process.group for process in found} - {spare_group, 0}:
        _quietly(os.killpg, group, number)
    for process in found:
        if process.group in (spare_group, 0):
            _quietly(os.kill, process.pid, number)


def _quietly(send_to: Callable[[int, int], None], target: int, number: int) -> None:
    try:
        send_to(target, number)
    except (ProcessLookupError, PermissionError):
        return


def kill_all(find: Callable[[], list[Process]], seconds: float) -> None:
    """Kill what ``find`` returns until it returns nothing, for at most ``seconds``."""
    deadline = time.monotonic() + seconds
    while (found := find()) and time.monotonic() < deadline:
        send(found, signal.SIGKILL)
        time.sleep(0.002)
