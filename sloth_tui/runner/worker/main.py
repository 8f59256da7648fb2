"""The worker process, ``python -m sloth_tui.runner.worker.main``: started by the supervisor and by nobody else.

It reads one line, its assignment, from stdin, and writes lines (see :mod:`sloth_tui.runner.protocol`) to
descriptor 3. What it writes to stderr is looked at only when it dies. This is the one place under
``runner`` that opens a store.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.origin import Origin
    from sloth_tui.runner.request import Assignment
    from sloth_tui.runner.worker.access import Mode, OpenStore
    from sloth_tui.runner.worker.emitter import Emitter
    from sloth_tui.store.port import Store

    Work = Callable[[Assignment, Emitter, OpenStore], None]

CHANNEL = 3
"""The descriptor that the supervisor reads."""


def main() -> None:
    try:
        os.set_inheritable(CHANNEL, False)
    except OSError:
        raise SystemExit("this is a part of sloth-runner and cannot be started by itself") from None
    # Before the assignment is there: the front end may have started this process to get ready meanwhile.
    from sloth_tui.runner.processes import RUN_VARIABLE
    from sloth_tui.runner.request import decode_assignment
    from sloth_tui.runner.worker import recover as settle
    from sloth_tui.runner.worker import session
    from sloth_tui.runner.worker.family import run_guarded

    line, said = _read_line(0)
    if not line:
        return
    assignment = decode_assignment(line)
    os.environ[RUN_VARIABLE] = assignment.run
    work = settle.settle if assignment.mode == "settle" else session.work
    run_guarded(lambda: _emitting(work, assignment), 0, CHANNEL, assignment.request.grace, said)


def _read_line(descriptor: int) -> tuple[bytes, bytes]:
    """All up to the first line feed, and what came after it; both empty if the other end closed before."""
    parts = []
    while part := os.read(descriptor, 1 << 16):
        parts.append(part)
        if b"\n" in part:
            line, _, rest = b"".join(parts).partition(b"\n")
            return line, rest
    return b"", b""


def _emitting(work: Work, assignment: Assignment) -> None:
    from sloth_tui.runner import link
    from sloth_tui.runner.worker.emitter import Emitter

    emitter = Emitter(CHANNEL)
    link.before_standing(emitter.flush)
    try:
        work(assignment, emitter, _open_store)
        capture = sys.modules.get("sloth_tui.runner.hosts.command")  # it was not needed if it is not there
        if capture is not None and capture.is_written_to():
            link.stand_still(link.WAITING)
    except BaseException:
        import traceback

        emitter.note("crashed", traceback.format_exc())
        raise
    finally:
        emitter.flush()


def _open_store(agent: str, mode: Mode, origin: Origin | None) -> Store:
    from sloth_tui.store import open_store

    return open_store(agent, mode, origin=origin)


if __name__ == "__main__":
    main()
