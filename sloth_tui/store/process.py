"""Identify a process uniquely by host, pid, start time and boot id.

A pid alone is not enough: the system reuses it. ``/proc/PID/stat`` is described in proc(5): field 3 is the
state, field 22 the start time in clock ticks after boot.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.model import Owner

_FIRST_PID_SPACE = "pid:[4026531836]"
"""The initial pid namespace of a machine (PROC_PID_INIT_INO of the kernel)."""
_ENDED = (b"Z", b"X", b"x")
"""States of a process that has ended: a zombie is only an exit status that its parent has not collected."""
_UNKNOWN = 0

_known: dict[str, Owner] = {}
"""Boot id -> this process; a forked child is another process."""
os.register_at_fork(after_in_child=_known.clear)


def current_process(boot_id: str) -> Owner:
    """Return the identity of this process."""
    if boot_id not in _known:
        from sloth_tui.model import Owner

        pid = os.getpid()
        _known[boot_id] = Owner(host_name(), pid, start_time(pid) or _UNKNOWN, boot_id)
    return _known[boot_id]


def host_name() -> str:
    """Return the selection of a pid: the host and, in a container, its pid namespace: ``web1/pid:[...]``."""
    host = os.uname().nodename
    try:
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        return host
    return host if space == _FIRST_PID_SPACE else f"{host}/{space}"


def is_alive(owner: Owner, boot_id: str) -> bool | None:
    """Return True if the process still runs, given the boot id of this machine; None if that is unknown."""
    if owner == current_process(boot_id):
        return True
    if owner.host != host_name():
        return None
    if owner.boot_id != boot_id:
        return False
    started = start_time(owner.pid)
    if started is None:
        return False
    if started == owner.start_time:
        return True
    return None if _UNKNOWN in (started, owner.start_time) else False


def start_time(pid: int) -> int | None:
    """Return the start of a process in clock ticks after boot; None if it does not run, 0 if its start is
    unknown.

    It is unknown if there is no procfs, or if procfs hides the processes of other users (``hidepid``).
    """
    try:
        fields = _fields(pid)
    except (FileNotFoundError, ProcessLookupError):
        return _UNKNOWN if exists(pid) else None
    return None if fields[0] in _ENDED else int(fields[19])


def parent_of(pid: int) -> int | None:
    """Return the process that a process comes from; None if that is not known."""
    try:
        return int(_fields(pid)[1])
    except OSError:
        return None


def _fields(pid: int) -> list[bytes]:
    """Return the fields from the third on. Raises OSError."""
    with open(f"/proc/{pid}/stat", "rb", buffering=0) as file:
        # The name, in parentheses, may itself contain spaces and parentheses.
        return file.read().rpartition(b")")[2].split()


def exists(pid: int) -> bool:
    """Return True if any process has this pid."""
    if pid <= 0:  # kill(2) would address a whole group
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True
