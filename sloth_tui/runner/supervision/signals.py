"""Let signals that would end this process stop its run first."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from sloth_tui.runner.supervision.supervisor import Supervisor

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def signals_stop(supervisor: Supervisor) -> Iterator[None]:
    """Let signals that would end this process stop the run first. A hangup that is ignored, as under
    nohup(1), stays so."""

    def stop(number: int, _frame: FrameType | None) -> None:
        supervisor.stop(number)

    ignored = {signal.SIGHUP} if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else set()
    supervisor.heed_signals()
    before = {number: signal.signal(number, stop) for number in STOPPING if number not in ignored}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
