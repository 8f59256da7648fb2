"""The process that keeps a run which a screen has started: it runs the tasks, and records what happens.

It gets its order as one line through stdin, and then requests of one byte. If stdin ends without ``LEAVE``,
whoever started the run is gone, and the run is stopped, as when a terminal closes.
"""

from __future__ import annotations

import os
import signal
from functools import partial
from typing import TYPE_CHECKING

from sloth_tui.runner.supervision.process import WorkerProcess

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.runner.supervision.supervisor import Supervisor
    from sloth_tui.runs.orders import Order
    from sloth_tui.runs.recording import Recorder

STOP, KILL, LEAVE = b"s", b"k", b"l"
ORDERS, EVENTS, RECORD = 0, 3, 4
"""Its descriptors."""


def main() -> None:
    """Keep the run of the order."""
    for descriptor in (ORDERS, EVENTS, RECORD):
        os.set_inheritable(descriptor, False)
    worker = failure = None
    try:
        # First of all, so that both processes start at the same time.
        worker = WorkerProcess()
    except Exception as error:  # noqa: BLE001 - it is told as the end of the run
        failure = error
    from sloth_tui.runs.orders import read_order

    order, requests = read_order(ORDERS)
    if order is None:
        if worker is not None:
            worker.close(seconds=1.0)
        return
    _keep(order, worker, failure, requests)


def _keep(order: Order, worker: WorkerProcess | None, failure: Exception | None, requests: bytes) -> None:
    from sloth_tui.masking import holds_secret
    from sloth_tui.runs.folder import RunFolder
    from sloth_tui.runs.pruning import conclude, remove_base
    from sloth_tui.runs.recording import Recorder, this_process

    folder = RunFolder(EVENTS, RECORD, order.path)
    encrypted = bool(order.keys)  # then no values may be recorded in the clear

    def is_secret(key: str) -> bool:
        return encrypted or holds_secret(key, order.secret_segments)

    recorder = Recorder(folder, this_process(order.run), is_secret)
    try:
        if failure is not None:
            raise failure
        _run(order, worker, recorder, requests)
    except Exception as error:  # noqa: BLE001 - nobody else could report it
        message = getattr(error, "message", None) or f"unexpected failure: {type(error).__name__}: {error}"
        recorder.fail(message, getattr(error, "hint", None), getattr(error, "exit_code", 1))
    conclude(order.base, order.path, order.retention)
    if order.temporary:
        remove_base(order.base)
    folder.close()


def _run(order: Order, worker: WorkerProcess | None, recorder: Recorder, requests: bytes) -> None:
    from sloth_tui.runner.supervision.signals import signals_stop
    from sloth_tui.runner.supervision.supervisor import Supervisor
    from sloth_tui.threads import start_thread

    supervisor = Supervisor(
        order.request, worker, lambda: order.keys, run=order.run.id, before_wait=recorder.flush
    )
    with signals_stop(supervisor):
        recorder.announce()
        start_thread(partial(_obey, supervisor, requests))
        for _ in recorder.record(supervisor.events()):
            pass


def _obey(supervisor: Supervisor, requests: bytes) -> None:
    """Do what is requested, until nobody can request anything any more."""
    acts: dict[bytes, Callable[[], None]] = {STOP: supervisor.stop, KILL: supervisor.kill}
    while True:
        for number in range(len(requests)):
            request = requests[number : number + 1]
            if request == LEAVE:
                return
            acts.get(request, supervisor.stop)()
        requests = os.read(ORDERS, 64)
        if not requests:
            supervisor.stop(signal.SIGHUP)
            return
