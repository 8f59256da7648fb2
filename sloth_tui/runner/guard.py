"""Two processes for a worker: one that runs Lua, and its parent, which sees to it that nothing is left.

The parent, the guard, runs no foreign code, so it always reacts. It ends the Lua process when the
supervisor closes its end of stdin, by intention or by its own death, and when that process is gone,
whatever way, it ends everything the task's commands left running, even what moved to a session of its
own: as a subreaper (prctl(2)) it inherits what loses its parent. If the guard itself is killed, the Lua
process ends itself, and the supervisor what is left of the session.
"""

from __future__ import annotations

import os
import select
import signal
import sys

from sloth_tui.runner.processes import end_descendants
from sloth_tui.runner.wire import encode_note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

GRACE = 0.5
"""Seconds that commands get between the polite request and the kill."""
_PR_SET_CHILD_SUBREAPER = 36
"""prctl(2); Python has no other way to it than ctypes."""


def run_guarded(work: Callable[[], None], supervisor: int, channel: int) -> NoReturn:
    """Call ``work`` in a child, and end this process when that and all its descendants are gone.

    ``supervisor`` is the descriptor whose end of file means: stop. ``channel`` takes notes.
    """
    alive, held = os.pipe()
    tether, tied = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(alive)
        os.close(tied)
        _work_and_exit(work, tether)
    os.close(held)
    os.close(tether)
    _inherit_orphans()
    os.write(channel, encode_note("started", child))
    status = _wait(child, alive, supervisor)
    left = end_descendants(GRACE)
    os.write(channel, encode_note("ended", status, left))
    os._exit(0)  # clearing up the interpreter takes as long as starting it


def _work_and_exit(work: Callable[[], None], tether: int) -> NoReturn:
    """``tether`` ends with the guard. Waiting for that needs no ctypes, as prctl(PR_SET_PDEATHSIG) would,
    which takes 6 ms to import, and works everywhere; a thread can wait because Lua runs without the GIL."""
    import threading

    code = 1
    try:
        threading.Thread(target=_die_with, args=(tether,), daemon=True).start()
        work()
        code = 0
    finally:
        # No finalizers, of Lua's or Python's: nothing that runs now is of use.
        os._exit(code)


def _die_with(tether: int) -> None:
    os.read(tether, 1)
    os.kill(os.getpid(), signal.SIGKILL)


def _inherit_orphans() -> None:
    """Become the parent of descendants that lose theirs; on Linux, where there is such a thing."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _wait(child: int, alive: int, supervisor: int) -> int:
    """The child's wait status. ``alive`` ends with the child, ``supervisor`` with the supervisor."""
    poll = select.poll()
    poll.register(alive, select.POLLIN)
    poll.register(supervisor, select.POLLIN)
    ready = [descriptor for descriptor, _ in poll.poll()]
    if alive not in ready:
        os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]
