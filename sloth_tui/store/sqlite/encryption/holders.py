"""Find other processes that have a database open, whether they hold a lock on it or not.

A program that has a database without a log open holds no lock between its statements. It would go on to
write to the file that is replaced.
"""

from __future__ import annotations

import os

from sloth_tui.errors import Conflict


def refuse_holders(path: str) -> None:
    """Raise Conflict if a process that can be looked into has the file open. Only Linux tells."""
    found = _holders(path)
    if found:
        named = ", ".join(f"{pid} ({_command(pid)})" for pid in found[:5])
        raise Conflict(
            f"{path}: another program has it open: process {named}",
            hint="end that first; nothing was changed",
        )


def _holders(path: str) -> list[int]:
    """Return the processes that have the file open; this one has one connection of its own."""
    status = os.stat(path)
    file = (status.st_dev, status.st_ino)
    found = {int(name): _count(name, file) for name in _list("/proc") if name.isdigit()}
    found[os.getpid()] = found.get(os.getpid(), 1) - 1
    return sorted(pid for pid, count in found.items() if count > 0)


def _count(process: str, file: tuple[int, int]) -> int:
    count = 0
    for number in _list(f"/proc/{process}/fd"):
        try:
            other = os.stat(f"/proc/{process}/fd/{number}")
        except OSError:
            continue
        count += (other.st_dev, other.st_ino) == file
    return count


def _list(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except OSError:
        return []


def _command(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return "?"
