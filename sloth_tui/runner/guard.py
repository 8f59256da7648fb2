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
from typing import TYPE_CHECKING

from sloth_tui.runner.processes import PR_SET_CHILD_SUBREAPER, PR_SET_PDEATHSIG, end_descendants, prctl
from sloth_tui.runner.wire import encode_note

if TYPE_CHECKING:
    from collections.abc import Callable

GRACE = 0.3
"""Seconds that commands get between the polite request and the kill."""


def run_guarded(work: Callable[[], None], supervisor: int, channel: int) -> None:
    """Call ``work`` in a child; return when that and all its descendants are gone.

    ``supervisor`` is the descriptor whose end of file means: stop. ``channel`` takes notes.
    """
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    guard = os.getpid()
    alive, held = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(alive)
        _work_and_exit(work, guard)
    os.close(held)
    os.write(channel, encode_note("started", child))
    status = _wait(child, alive, supervisor)
    left = end_descendants(GRACE)
    os.write(channel, encode_note("ended", status, left))


def _work_and_exit(work: Callable[[], None], guard: int) -> None:
    code = 1
    try:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == guard:  # else the guard died before the kernel was told
            work()
            code = 0
    finally:
        # No finalizers, of Lua's or Python's: nothing that runs now is of use.
        os._exit(code)


def _wait(child: int, alive: int, supervisor: int) -> int:
    """The child's wait status. ``alive`` ends with the child, ``supervisor`` with the supervisor."""
    poll = select.poll()
    poll.register(alive, select.POLLIN)
    poll.register(supervisor, select.POLLIN)
    ready = [descriptor for descriptor, _ in poll.poll()]
    if alive not in ready:
        os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]
