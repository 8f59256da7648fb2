"""Three processes for a worker: one that runs Lua, its parent, the guard, and the guard's parent, the keeper.

The guard runs no foreign code, so it always reacts. It ends the Lua process when the supervisor says so or
is gone, and when that process is gone, whatever way, it ends everything the task's commands left running,
even what moved to a session of its own: as a subreaper (prctl(2)) it inherits what loses its parent. If the
guard itself is killed, the kernel kills the Lua process with it, and the keeper inherits what is left and
ends it. If the keeper is killed, the guard ends it all. Somebody who kills both leaves the session and what
has the run in its environment to the supervisor.
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

    from sloth_tui.runner.worker.enclosure import Enclosure

_NICE = -10
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def run_guarded(
    work: Callable[[], None], supervisor: int, channel: int, grace: float, said: bytes = b""
) -> NoReturn:
    """Call ``work`` in a grandchild, and end this process when that and all its descendants are gone.

    ``supervisor`` is the descriptor that asks for the end, or ends itself when nobody is there. ``said``
    has come from there before. ``channel`` takes notes. ``grace``: seconds between the request to end and
    the kill.
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
    from sloth_tui.runner.worker.guard import Guard

    code = 1
    try:
        Guard(child, link, (supervisor, channel, keeper), grace).guard(said)
        code = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
        raise
    finally:
        os._exit(code)  # clearing up the interpreter takes as long as starting it


def _keep(guard: int) -> NoReturn:
    status = os.waitpid(guard, 0)[1]
    if status != 0:
        from sloth_tui.runner.worker.ending import end_by_force

        end_by_force()
    os._exit(0)


def _enclose(guard: int) -> Enclosure:
    from sloth_tui.runner.worker.enclosure import Enclosure

    return Enclosure(guard)


def _work_and_exit(work: Callable[[], None], guard: int) -> NoReturn:
    code = 1
    try:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == guard:  # else it died before the kernel was told
            work()
            code = 0
    finally:
        # No finalizers, of Lua's or Python's: nothing that runs now is of use.
        os._exit(code)


def _prctl(option: int, argument: int) -> None:
    """prctl(2), on Linux; elsewhere a guard that is killed leaves its descendants to the supervisor."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(option, argument, 0, 0, 0)


def _take_precedence() -> None:
    """Be served before what the commands start, where this process may ask for that."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, _NICE)
    with suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
