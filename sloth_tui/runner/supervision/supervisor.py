"""Start the worker of a run, watch it, and pass on its events as they come.

    supervisor = Supervisor(RunRequest("deploy.lua", "local"))
    for event in supervisor.events():
        ...

The front end's process never runs Lua. A worker that must end is killed: nothing less ends a backtracking
pattern. Then the store undoes what was not committed, the locks of with_lock are free because their process
is gone, and another worker reports what the dead one had committed and continues with the remaining tasks.
"""

from __future__ import annotations

import os
import select
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from sloth_tui.errors import ExitCode
from sloth_tui.runner.request import RunRequest
from sloth_tui.runner.supervision.fleet import Fleet
from sloth_tui.runner.supervision.lane import Lane
from sloth_tui.runner.supervision.outcome import finish
from sloth_tui.runner.supervision.record import RunRecord
from sloth_tui.runner.supervision.verdict import RunEnding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sloth_tui.runner.events import RunEvent
    from sloth_tui.runner.supervision.process import WorkerProcess
    from sloth_tui.runner.supervision.verdict import Verdict

__all__ = ["RunRequest", "Supervisor", "new_run_id"]

_MAX_WAIT_SECONDS = 86_400.0
"""A day: poll(2) counts milliseconds in 32 bits."""


class Supervisor:
    """One run. One thread iterates over :meth:`events`; threads and signal handlers may call :meth:`stop`."""

    def __init__(
        self,
        request: RunRequest,
        worker: WorkerProcess | None = None,
        keys: Callable[[], bytes] = bytes,
        *,
        run: str = "",
        before_wait: Callable[[], object] = bool,
    ) -> None:
        """``worker``: one that was started in advance, for a faster start. The run owns it from now on.
        ``keys`` returns the keys that workers need, as :mod:`sloth_tui.store.worker_keys` writes them; its
        errors end the run. ``run``: the id, as of :func:`new_run_id`. ``before_wait`` is called when all
        events so far have been yielded, and this thread is about to wait for others."""
        self.request = request
        self._keys = keys
        self._ready_worker = worker
        self._before_wait = before_wait
        self.run = run or new_run_id()
        """Id of the run."""
        self._ending = RunEnding(request)
        self._wake_end, self._wake = os.pipe()
        os.set_blocking(self._wake_end, False)
        os.set_blocking(self._wake, False)
        self._heeds_signals = False

    def heed_signals(self) -> None:
        """Have each signal of this process end a wait, also one that comes just before it, until the run is
        over. Call it in the main thread, and iterate there."""
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        self._heeds_signals = True

    def stop(self, signal_number: int = signal.SIGINT) -> None:
        """Ask the run to end; its exit code will be 128 plus the signal's number.

        Commands are asked once and have the request's grace to end. A second call kills them at once, unless
        its signal is SIGHUP, which a terminal sends when it closes.
        """
        self._ending.stop(signal_number)
        self._wake_up()

    def kill(self, signal_number: int = signal.SIGINT) -> None:
        """Like :meth:`stop`, but kill the commands at once."""
        self._ending.stop(signal_number)
        self._ending.hurried = True
        self._wake_up()

    def _wake_up(self) -> None:
        try:
            os.write(self._wake, b"!")
        except OSError:  # already over, or already woken
            return

    def events(self) -> Iterator[RunEvent]:
        """Yield the run's events, up to RunFinished. Call it once. Closing the generator ends the run."""
        record = RunRecord(self.request, self.run)
        self._ending.start_clock(record.started)
        main = Lane(record, self._ending, self._keys, self._ready_worker)
        fleet = Fleet(self._ending, main)
        try:
            for event in fleet.events():
                if event is None:
                    self._wait(fleet.lanes)
                else:
                    yield event
            outcome = () if fleet.verdict is None else self._outcome(fleet.verdict)
            yield finish(record, *outcome)
        finally:
            if self._heeds_signals:
                signal.set_wakeup_fd(-1)
            wake, self._wake = self._wake, -1
            os.close(wake)
            os.close(self._wake_end)

    def _wait(self, lanes: list[Lane]) -> None:
        """Wait until a lane has something to do, or a request has come."""
        workers = [lane.worker for lane in lanes if lane.worker is not None]
        times = [lane.wait_until for lane in lanes if lane.wait_until is not None]
        poll = select.poll()
        poll.register(self._wake_end, select.POLLIN)
        for worker in workers:
            for descriptor, wanted in worker.interests():
                poll.register(descriptor, wanted)
        seconds = min([_MAX_WAIT_SECONDS, *(at - time.monotonic() for at in times)])
        self._before_wait()
        try:
            poll.poll(max(0.0, seconds) * 1000)
        except KeyboardInterrupt:
            self.stop()
            return
        with suppress(BlockingIOError):
            os.read(self._wake_end, 64)

    def _outcome(self, verdict: Verdict) -> tuple[str, str, int]:
        if verdict.whole_run:
            return verdict.result, verdict.error, verdict.exit_code
        return "error", f"{self.request.file}: {verdict.error}", ExitCode.FAILURE


def new_run_id() -> str:
    """Return an id that no other run has."""
    return os.urandom(6).hex()
