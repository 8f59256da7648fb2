"""Two processes for a worker: one that runs Lua, and its parent, which sees to it that nothing is left.

The parent, the guard, runs no foreign code, so it always reacts. It ends the Lua process when the
supervisor closes its end of stdin, by intention or by its own death, and when that process is gone,
whatever way, it ends everything the task's commands left running, even what moved to a session of its
own: as a subreaper (prctl(2)) it inherits what loses its parent. If the guard itself is killed, the
kernel kills the Lua process with it, and the supervisor what is left of the session.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from contextlib import suppress

from sloth_tui.runner.processes import ask_descendants, count_tasks, descendants, end_descendants
from sloth_tui.runner.wire import encode_note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

GRACE = 0.5
"""Seconds that commands get between the polite request and the kill."""
MOST_PROCESSES = 1000
"""So many may the commands of a run have at once; more is taken for a fork bomb."""
_LOOK = 0.1
"""Seconds between two looks at how many there are."""
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36

_GONE, _STOPPED, _CROWDED = "gone", "stopped", "crowded"
"""Why a guard stops waiting."""


def run_guarded(work: Callable[[], None], supervisor: int, channel: int) -> NoReturn:
    """Call ``work`` in a child, and end this process when that and all its descendants are gone.

    ``supervisor`` is the descriptor whose end of file means: stop. ``channel`` takes notes.
    """
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    guard = os.getpid()
    alive, held = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(alive)
        _work_and_exit(work, guard)
    os.close(held)
    _take_precedence()
    os.write(channel, encode_note("started", child))
    reason = _wait(alive, supervisor)
    if reason is _CROWDED:
        os.write(channel, encode_note("crowded", MOST_PROCESSES))
        os.kill(child, signal.SIGKILL)
    elif reason is _STOPPED:
        _end_politely(child)
    status = os.waitpid(child, 0)[1]
    left = end_descendants(GRACE if reason is _GONE else 0.0)
    os.write(channel, encode_note("ended", status, left))
    os._exit(0)  # clearing up the interpreter takes as long as starting it


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
        os.setpriority(os.PRIO_PROCESS, 0, -10)


def _wait(alive: int, supervisor: int) -> str:
    """Wait until the child is gone, the supervisor has lost interest, or there are too many processes."""
    poll = select.poll()
    poll.register(alive, select.POLLIN)
    poll.register(supervisor, select.POLLIN)
    before = count_tasks()
    while not (ready := [descriptor for descriptor, _ in poll.poll(_LOOK * 1000)]):
        # Counting those of the whole system is cheap, and tells when it is worth counting our own.
        if count_tasks() - before > MOST_PROCESSES and len(descendants(os.getpid())) > MOST_PROCESSES:
            return _CROWDED
    return _GONE if alive in ready else _STOPPED


def _end_politely(child: int) -> None:
    """End the child's commands, and then the child.

    It is stopped rather than killed at first: it holds the other ends of its commands' pipes, and what
    they still have to say when they are asked to end would be answered by SIGPIPE.
    """
    os.kill(child, signal.SIGSTOP)
    ask_descendants(GRACE, spared=child)
    os.kill(child, signal.SIGKILL)
