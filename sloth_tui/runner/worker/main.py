"""The worker process, ``python -m sloth_tui.runner.worker.main``, which the supervisor starts.

It reads one line, its assignment, from stdin, and writes lines (see :mod:`sloth_tui.runner.protocol`) to
descriptor 3. If it runs task by task, descriptor 4 brings their names, each on a line when its time has come,
and its end means that there are no more. Descriptor 5 brings the keys of an encrypted store: it is read once,
to its end, and closed before any other process is started. The supervisor reads stderr only when the worker
dies. No other module under ``runner`` opens a store.
"""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sloth_tui.origin import Origin
    from sloth_tui.runner.request import Assignment
    from sloth_tui.runner.worker.access import Mode, OpenStore
    from sloth_tui.runner.worker.emitter import Emitter
    from sloth_tui.settings import Settings
    from sloth_tui.store.port import Store

    Work = Callable[[Assignment, Emitter, OpenStore, Callable[[], Iterator[str]]], None]

CHANNEL, STEPS, KEYS = 3, 4, 5
"""The descriptors that the supervisor reads, and that it writes the names of tasks and keys to."""


def main() -> None:
    try:
        for descriptor in (CHANNEL, STEPS, KEYS):
            os.set_inheritable(descriptor, False)
    except OSError:
        raise SystemExit("this is a part of sloth-runner and cannot be started by itself") from None
    # What is imported now stays, also in the processes forked from this one. A look for garbage would find
    # none, and would write to the pages that they share.
    gc.disable()
    # Before the assignment has come: the front end may have started this process in advance.
    from sloth_tui.runner.processes import LANE_VARIABLE, RUN_VARIABLE
    from sloth_tui.runner.request import decode_assignment, lane_mark
    from sloth_tui.runner.worker import recover, session
    from sloth_tui.runner.worker.guarding.family import run_guarded

    line, received = _read_line(0)
    if not line:
        return
    _accept_keys()
    gc.freeze()
    gc.enable()
    assignment = decode_assignment(line)
    os.environ[RUN_VARIABLE] = assignment.run
    os.environ[LANE_VARIABLE] = lane_mark(assignment.run, assignment.lane)
    work = recover.recover if assignment.mode == "recover" else session.work
    run_guarded(lambda: _emitting(work, assignment), 0, CHANNEL, assignment.request.grace, received)


def _accept_keys() -> None:
    parts = []
    while part := os.read(KEYS, 1 << 16):
        parts.append(part)
    os.close(KEYS)
    if parts:
        from sloth_tui.store.worker_keys import accept_keys

        accept_keys(b"".join(parts))


def _read_line(descriptor: int) -> tuple[bytes, bytes]:
    """Return the first line, and what came after it; both empty if the other end was closed before."""
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
    link.call_before_standing(emitter.flush)
    try:
        work(assignment, emitter, _open_store, _steps)
        # It was not needed if it is not there.
        capture = sys.modules.get("sloth_tui.runner.hosts.local.command")
        if capture is not None and capture.has_leftovers():
            link.stand_still(link.WAITING)
    except BaseException:
        import traceback

        emitter.note("crashed", traceback.format_exc())
        raise
    finally:
        emitter.flush()


def _steps() -> Iterator[str]:
    """Yield the names of the tasks to run, each when the supervisor tells it."""
    rest = b""
    while data := os.read(STEPS, 1 << 16):
        *names, rest = (rest + data).split(b"\n")
        for name in names:
            yield name.decode()


def _open_store(agent: str, mode: Mode, origin: Origin | None, settings: Callable[[], Settings]) -> Store:
    from sloth_tui.store import open_copy, open_store

    if mode == "copy":
        return open_copy(agent, origin=origin, settings=settings)
    return open_store(agent, mode, origin=origin, settings=settings)


if __name__ == "__main__":
    main()
