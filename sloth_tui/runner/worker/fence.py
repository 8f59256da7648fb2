"""A pids cgroup around the commands of a run: the kernel refuses them more processes than they may have.

Where this process may make one below its own: as root with version 1, in a container, where it was
delegated. Elsewhere :mod:`sloth_tui.runner.worker.crowd` counts.
"""

from __future__ import annotations

import os
from contextlib import suppress

from sloth_tui.runner.worker.excess import MOST_PROCESSES, excess

_PREFIX = "sloth-runner-"
_NEVER = "max 0"


class Fence:
    """One cgroup. It bounds tasks, which are processes and threads, so its bound moves with the threads:
    there is always just as much room as would make one process too many."""

    interval = 0.1
    """Seconds between two looks."""

    def __init__(self, directory: str, guard: int) -> None:
        """``directory``: the cgroup above. ``guard``: the process that watches and removes it."""
        self._directory = directory
        self._path = os.path.join(directory, f"{_PREFIX}{guard}")

    def put_up(self) -> bool:
        """Make it and move this process in; what it starts is born there. False if this process may not."""
        try:
            _sweep(self._directory)
            os.mkdir(self._path)
            self._allow(MOST_PROCESSES)
            self._write("cgroup.procs", "0")
        except OSError:
            self.remove()
            return False
        return True

    def know(self, groups: set[int]) -> None:
        """The cgroup knows its members; it need not be told the process groups that commands are in."""

    @property
    def _threads(self) -> str:
        version_1 = os.path.exists(os.path.join(self._path, "tasks"))
        return "tasks" if version_1 else "cgroup.threads"

    def is_up(self) -> bool:
        return os.path.isdir(self._path)

    def look(self) -> str:
        """What there is more of than there may be, if so."""
        try:
            tasks = int(self._read("pids.current"))
            if tasks * 2 < MOST_PROCESSES:
                return ""
            processes = len(self._read("cgroup.procs").split())
            # Exit statuses that nobody has collected are processes, too, but listed nowhere.
            processes += tasks - len(self._read(self._threads).split())
            refused = self.refusals() != _NEVER
            if refused and 2 * processes > MOST_PROCESSES:
                processes = MOST_PROCESSES + 1  # as many as it wanted
            # One of them is the process that runs Lua.
            if too_much := excess(processes, tasks):
                return too_much
            self._allow(tasks + MOST_PROCESSES + 1 - processes)
        except (OSError, ValueError):
            return ""
        return ""

    def refusals(self) -> str:
        """How often the kernel has refused something, as it says it."""
        return self._read("pids.events").strip()

    def close(self) -> None:
        """Nothing more can be started inside."""
        with suppress(OSError):
            self._allow(0)

    def remove(self) -> None:
        """When all that were in it are gone."""
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


def own_directory(process: str = "/proc/self") -> str | None:
    """Where the pids cgroup of this process is mounted, if cgroups below it can count processes."""
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
            if not names and kind == "cgroup2" and (found := _below(mount, path)) and _hands_on(found):
                return found
    return None


def _below(mount: list[str], path: str) -> str | None:
    """The directory of a cgroup, whose path begins at a root that need not be that of the mount."""
    root, point = mount[3].rstrip("/"), mount[4]
    if path != root and not path.startswith(root + "/"):
        return None
    return os.path.normpath(point + path[len(root) :])


def _hands_on(directory: str) -> bool:
    """Whether children of a cgroup of version 2 count processes."""
    try:
        with open(os.path.join(directory, "cgroup.subtree_control"), encoding="ascii") as file:
            return "pids" in file.read().split()
    except OSError:
        return False


def _sweep(directory: str) -> None:
    """Remove what guards left that were killed."""
    for name in os.listdir(directory):
        owner = name.removeprefix(_PREFIX)
        if owner != name and owner.isdigit() and not os.path.exists(f"/proc/{owner}"):
            with suppress(OSError):
                os.rmdir(os.path.join(directory, name))
