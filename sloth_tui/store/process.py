"""Which process is which, for ever: host, pid, start time and boot id together.

A pid alone is given to another process sooner or later. ``/proc/PID/stat`` is read as proc(5) has it: field 3
is the state, field 22 the start time in clock ticks after boot.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.model import Owner

_FIRST_PID_SPACE = "pid:[4026531836]"
"""The pid namespace a machine begins with (PROC_PID_INIT_INO of the kernel)."""
_ENDED = (b"Z", b"X", b"x")
"""States of a process that is gone: a zombie is only an exit status nobody has collected yet."""
_UNKNOWN = 0

_known: dict[str, Owner] = {}
"""This process, by boot id; a forked child is another one."""
os.register_at_fork(after_in_child=_known.clear)


def current_process(boot_id: str) -> Owner:
    """This very process."""
    if boot_id not in _known:
        from sloth_tui.model import Owner

        pid = os.getpid()
        _known[boot_id] = Owner(host_name(), pid, start_time(pid) or _UNKNOWN, boot_id)
    return _known[boot_id]


def host_name() -> str:
    """Where a pid means something: the host and, in a container, its pid namespace: ``web1/pid:[...]``."""
    host = os.uname().nodename
    try:
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        return host
    return host if space == _FIRST_PID_SPACE else f"{host}/{space}"


def is_alive(owner: Owner, boot_id: str) -> bool | None:
    """Whether the process still runs, given the boot id of this machine; None where that cannot be told."""
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
    """Clock ticks after boot; None if no such process runs, 0 if one does and its start cannot be seen.

    That is so where there is no procfs, and where procfs hides the processes of others (``hidepid``).
    """
    try:
        with open(f"/proc/{pid}/stat", "rb", buffering=0) as file:
            # The name, in parentheses, may itself hold spaces and parentheses.
            fields = file.read().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return _UNKNOWN if exists(pid) else None
    return None if fields[0] in _ENDED else int(fields[19])


def exists(pid: int) -> bool:
    """Whether there is a process of this number, whichever it is."""
    if pid <= 0:  # kill(2) would address a whole group
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True
