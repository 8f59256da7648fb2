"""Finding and ending processes: those below one, those of one session. Linux by procfs, others by ps."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
RUN_VARIABLE = "SLOTH_RUNNER_RUN"
"""In the environment of commands: the id of the run they belong to."""


class Process(NamedTuple):
    pid: int
    parent: int
    group: int
    session: int


def processes() -> list[Process]:
    """Every process that is more than an exit status waiting to be collected."""
    try:
        names = os.listdir("/proc")
    except OSError:
        names = []
    if "self" not in names:
        return _processes_by_ps()
    return [found for name in names if name.isdigit() and (found := _read(int(name)))]


def _read(pid: int) -> Process | None:
    try:
        with open(f"/proc/{pid}/stat", "rb", buffering=0) as file:
            state, parent, group, session = file.read().rpartition(b")")[2].split()[:4]
    except OSError:
        return None
    return None if state in (b"Z", b"X") else Process(pid, int(parent), int(group), int(session))


def _processes_by_ps() -> list[Process]:
    import subprocess

    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,pgid=,stat="], capture_output=True, text=True, check=False
    )
    rows = [line.split() for line in listed.stdout.splitlines()]
    return [
        # Other systems' ps shows no session numbers; its own are asked one by one.
        Process(int(pid), int(parent), int(group), _session(int(pid)))
        for pid, parent, group, state in rows
        if not state.startswith("Z")
    ]


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except OSError:
        return 0


def descendants(pid: int) -> list[Process]:
    """Children, their children and so on."""
    by_parent: dict[int, list[Process]] = {}
    for process in processes():
        by_parent.setdefault(process.parent, []).append(process)
    found: list[Process] = []
    ahead = [pid]
    while ahead:
        children = by_parent.get(ahead.pop(), [])
        found += children
        ahead += [child.pid for child in children]
    return found


def count_tasks() -> int:
    """How many processes and threads the system has, from proc(5); 0 where that is not known."""
    try:
        with open("/proc/loadavg", "rb", buffering=0) as file:
            return int(file.read().split()[3].partition(b"/")[2])
    except (OSError, ValueError, IndexError):
        return 0


def of_session(session: int) -> list[Process]:
    return [process for process in processes() if process.session == session]


def of_run(run: str) -> list[Process]:
    """What the commands of a run have started, told by their environment; on Linux only."""
    mark = f"{RUN_VARIABLE}={run}".encode()
    return [process for process in processes() if mark in _environment(process.pid).split(b"\0")]


def _environment(pid: int) -> bytes:
    try:
        with open(f"/proc/{pid}/environ", "rb", buffering=0) as file:
            return file.read()
    except OSError:
        return b""


def send(found: list[Process], number: int, *, spare_group: int = 0) -> None:
    """Signal the processes by their groups, which takes in what they are forking just now.

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


def ask_descendants(grace: float, *, spared: int) -> None:
    """Ask everything below this process, but for the process ``spared``, to end; wait ``grace`` seconds."""
    deadline = time.monotonic() + grace
    asked: set[int] = set()
    while found := [process for process in descendants(os.getpid()) if process.pid != spared]:
        news = [process for process in found if process.pid not in asked]
        send(news, signal.SIGTERM, spare_group=os.getpgrp())
        send(news, signal.SIGCONT, spare_group=os.getpgrp())
        asked.update(process.pid for process in news)
        if time.monotonic() >= deadline:
            return
        time.sleep(0.01)


def end_descendants(grace: float) -> int:
    """End everything below this process: politely, then after ``grace`` seconds by force.

    Returns how many there were. For a process that is the reaper of its descendants: what loses its
    parent becomes its child, so the end is reached when it has no children any more.
    """
    if not _has_children():
        return 0
    first = len(descendants(os.getpid()))
    ask_descendants(grace, spared=0)
    while _has_children():
        send(descendants(os.getpid()), signal.SIGKILL, spare_group=os.getpgrp())
        time.sleep(0.002)
    return first


def _has_children() -> bool:
    """Collect those that have ended; whether any other is there."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def end_all(find: Callable[[], list[Process]], seconds: float) -> None:
    """Kill what is found until nothing is."""
    deadline = time.monotonic() + seconds
    while (found := find()) and time.monotonic() < deadline:
        send(found, signal.SIGKILL)
        time.sleep(0.002)
