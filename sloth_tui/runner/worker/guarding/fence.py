"""Put the commands of a run into a pids cgroup, in which the kernel limits the number of processes.

That works where this process may make a cgroup below its own: as root with version 1, in a container, or
where it was delegated. Elsewhere :mod:`sloth_tui.runner.worker.guarding.crowd` counts.
"""

from __future__ import annotations

import os
from contextlib import suppress

from sloth_tui.runner.worker.guarding.excess import MOST_PROCESSES, describe_excess

_PREFIX = "sloth-runner-"
_NEVER = "max 0"


class CommandCgroup:
    """One cgroup. Its limit counts tasks, which are processes and threads, so it moves with the threads:
    there is always room for exactly one process too many."""

    interval = 0.1
    """Seconds between two checks."""

    def __init__(self, directory: str, guard: int) -> None:
        """``directory``: the parent cgroup. ``guard``: the process that watches and removes this one."""
        self._directory = directory
        self._path = os.path.join(directory, f"{_PREFIX}{guard}")

    def create(self) -> bool:
        """Create it and move this process in; its children start there. Return False if not allowed."""
        try:
            _remove_stale(self._directory)
            os.mkdir(self._path)
            self._allow(MOST_PROCESSES)
            self._write("cgroup.procs", "0")
        except OSError:
            self.remove()
            return False
        return True

    def set_groups(self, groups: set[int]) -> None:
        """Do nothing: the cgroup knows its members without the process groups of commands."""

    @property
    def _threads(self) -> str:
        version_1 = os.path.exists(os.path.join(self._path, "tasks"))
        return "tasks" if version_1 else "cgroup.threads"

    def exists(self) -> bool:
        """True if it has been created."""
        return os.path.isdir(self._path)

    def look(self) -> str:
        """Return the bound that the commands exceed, as text; empty if they exceed none."""
        try:
            tasks = int(self._read("pids.current"))
            if tasks * 2 < MOST_PROCESSES:
                return ""
            processes = len(self._read("cgroup.procs").split())
            # Ended processes that are not reaped yet count as well, but are listed nowhere.
            processes += tasks - len(self._read(self._threads).split())
            refused = self.refusals() != _NEVER
            if refused and 2 * processes > MOST_PROCESSES:
                processes = MOST_PROCESSES + 1  # what it would have without the limit
            # One of them is the process that runs Lua.
            if too_much := describe_excess(processes, tasks):
                return too_much
            self._allow(tasks + MOST_PROCESSES + 1 - processes)
        except (OSError, ValueError):
            return ""
        return ""

    def refusals(self) -> str:
        """Return the kernel's count of refusals, as text."""
        return self._read("pids.events").strip()

    def close(self) -> None:
        """Forbid new processes inside."""
        with suppress(OSError):
            self._allow(0)

    def remove(self) -> None:
        """Remove the cgroup. All its processes must be gone."""
        with suppress(OSError):
            os.rmdir(self._path)

    def _allow(self, tasks: int) -> None:
        self._write("pids.max", str(tasks))

    def _read(self, name: str) -> str:
        with open(os.path.join(self._path, name), encoding="ascii") as file:
            return file.read()

    def _write(self, name: str, text: str) -> None:
        descriptor = os.open(os.path.join(self._path, name), os.O_WRONLY)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)


def find_own_cgroup(process: str = "/proc/self") -> str | None:
    """Return the mounted directory of this process's pids cgroup, if cgroups below it can count processes."""
    try:
        with open(f"{process}/cgroup", encoding="utf-8", errors="surrogateescape") as file:
            paths = dict(line.rstrip("\n").split(":", 2)[1:] for line in file)
        with open(f"{process}/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
            mounts = [line.split() for line in file if " - cgroup" in line]
    except (OSError, ValueError):
        return None
    for names, path in paths.items():
        for mount in mounts:
            kind, _, options = mount[mount.index("-") + 1 :]
            if "pids" in names.split(",") and kind == "cgroup" and "pids" in options.split(","):
                return _below(mount, path)
            if not names and kind == "cgroup2" and (found := _below(mount, path)) and _can_count(found):
                return found
    return None


def _below(mount: list[str], path: str) -> str | None:
    """Return the directory of a cgroup, or None if its path is not below the root of the mount."""
    root, point = mount[3].rstrip("/"), mount[4]
    if path != root and not path.startswith(root + "/"):
        return None
    return os.path.normpath(point + path[len(root) :])


def _can_count(directory: str) -> bool:
    """True if children of a cgroup of version 2 can count processes."""
    try:
        with open(os.path.join(directory, "cgroup.subtree_control"), encoding="ascii") as file:
            return "pids" in file.read().split()
    except OSError:
        return False


def _remove_stale(directory: str) -> None:
    """Remove the cgroups of guards that were killed."""
    for name in os.listdir(directory):
        owner = name.removeprefix(_PREFIX)
        if owner != name and owner.isdigit() and not os.path.exists(f"/proc/{owner}"):
            with suppress(OSError):
                os.rmdir(os.path.join(directory, name))
