"""Start the three processes of a worker: the keeper, its child the guard, and the guard's child, which runs
Lua.

The guard runs no code of tasks, so it always reacts. It ends the Lua process when the supervisor asks for it
or is gone. When the Lua process is gone, for whatever reason, the guard ends everything that the commands
left running, even in other sessions: as a subreaper (prctl(2)) it inherits orphans. If the guard is killed,
the kernel kills the Lua process with it, and the keeper inherits the rest and ends it. If the keeper is
killed, the guard ends everything. If both are killed, the supervisor ends the session and all processes that
have the lane, which is the worker's place in the run, in their environment.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress

from sloth_tui.runner.link import Link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from sloth_tui.runner.worker.guarding.enclosure import Enclosure

_NICENESS = -10
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def run_guarded(
    work: Callable[[], None], supervisor: int, channel: int, grace: float, received: bytes = b""
) -> NoReturn:
    """Call ``work`` in a grandchild, and exit when that process and all its descendants are gone.

    ``supervisor``: the descriptor that brings requests to end, and ends with the supervisor. ``received``:
    data that has been read from it before. ``channel``: the descriptor for notes. ``grace``: seconds between
    the request to end and the kill.
    """
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    keeper, held = os.pipe()
    guard = os.fork()
    if guard:
        os.close(keeper)
        _keep(guard)
    os.close(held)
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    guard = os.getpid()
    link = Link(lambda: _enclose(guard))
    child = os.fork()
    if child == 0:
        link.keep_writer()
        _work_and_exit(work, guard)
    link.keep_reader()
    _take_precedence()
    from sloth_tui.runner.worker.guarding.guard import Guard

    code = 1
    try:
        Guard(child, link, (supervisor, channel, keeper), grace).guard(received)
        code = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
        raise
    finally:
        os._exit(code)  # without finalizers, which take as long as the start of the interpreter


def _keep(guard: int) -> NoReturn:
    status = os.waitpid(guard, 0)[1]
    if status != 0:
        from sloth_tui.runner.control_files import remove_control_files
        from sloth_tui.runner.worker.guarding.ending import kill_descendants

        kill_descendants()
        remove_control_files(guard)
    os._exit(0)


def _enclose(guard: int) -> Enclosure:
    from sloth_tui.runner.worker.guarding.enclosure import Enclosure

    return Enclosure(guard)


def _work_and_exit(work: Callable[[], None], guard: int) -> NoReturn:
    code = 1
    try:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == guard:  # else the guard died before the call to prctl
            work()
            code = 0
    except BaseException:  # noqa: BLE001 - the supervisor reads what is written here
        sys.excepthook(*sys.exc_info())
    finally:
        # No finalizers of Lua or Python: none of them is needed.
        os._exit(code)


def _prctl(option: int, argument: int) -> None:
    """Call prctl(2) on Linux. Elsewhere the supervisor ends the descendants of a guard that is killed."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(option, argument, 0, 0, 0)


def _take_precedence() -> None:
    """Raise the priority of this process above that of commands, if the system allows it."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, _NICENESS)
    with suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
