from __future__ import annotations

import signal
import sys

import pytest

from sloth_tui.errors import SlothError
from sloth_tui.runner.request import RunRequest
from sloth_tui.runner.supervision.exit_reason import describe_exit
from sloth_tui.runner.supervision.process import WorkerProcess
from sloth_tui.runner.supervision.record import RunRecord

TRACEBACK = "Traceback (most recent call last):\n  File ...\nValueError: bad\n"


@pytest.mark.parametrize(
    ("status", "errors", "traceback", "words"),
    [
        (signal.SIGKILL, b"", None, "killed: its worker process got SIGKILL, by hand or because"),
        (signal.SIGTERM, b"", None, "stopped: its worker process got SIGTERM"),
        (signal.SIGSEGV, b"", None, "crashed: its worker process got SIGSEGV"),
        (64, b"", None, "crashed: its worker process got SIGRTMAX"),
        (3 << 8, b"", None, "crashed: its worker process ended with code 3"),
        (signal.SIGABRT, b"PANIC: unprotected error (not enough memory)", None, "out of memory"),
        (1 << 8, b"", "Traceback ...\nMemoryError\n", "out of memory"),
        (1 << 8, b"", TRACEBACK, "crashed: ValueError: bad"),
        (None, TRACEBACK.encode(), None, "crashed: ValueError: bad"),
        (None, b"", None, "killed: its worker process was ended from outside"),
    ],
)
def test_each_death_has_its_words(
    status: int | None, errors: bytes, traceback: str | None, words: str
) -> None:
    record = RunRecord(RunRequest("t.lua", "local"), "run")
    record.wait_status, record.traceback = status, traceback
    assert describe_exit(record, errors).startswith(words)


def test_a_worker_that_cannot_be_started_is_an_error_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(SlothError, match="cannot start a worker process: No such file"):
        WorkerProcess()
