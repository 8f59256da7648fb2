"""Describe why a worker died."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from sloth_tui.shortage import out_of_memory, too_many_files, too_many_processes

if TYPE_CHECKING:
    from sloth_tui.runner.supervision.record import RunRecord

_MEMORY_SIGNS = (
    "not enough memory",
    "MemoryError",
    "Cannot allocate memory",
    "std::bad_alloc",
    "failed to map segment from shared object",
    "Failed to import 'zlib",  # lupa, which needs memory to start
)
_PROCESS_SIGNS = ("Resource temporarily unavailable", "can't start new thread")


def describe_exit(record: RunRecord, errors: bytes) -> str:
    """Return one line about a worker that ended before it had reported that it was done.

    ``errors``: the last bytes that it wrote to stderr.
    """
    if record.process_limit_hit:
        return f"killed: its commands had more than {record.process_limit_hit} at once"
    lacking = describe_lack(record, errors)
    if lacking is not None:
        return lacking
    if record.traceback is not None:
        return "crashed: " + _last_line(record.traceback)
    if b"Traceback (most recent call last)" in errors:
        return "crashed: " + _last_line(errors.decode("utf-8", "backslashreplace"))
    status = record.wait_status
    if status is None:
        return "killed: its worker process was ended from outside"
    if not os.WIFSIGNALED(status):
        return f"crashed: its worker process ended with code {os.waitstatus_to_exitcode(status)}"
    number = os.WTERMSIG(status)
    if number == signal.SIGKILL:
        return "killed: its worker process got SIGKILL, by hand or because the system was out of memory"
    if number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        return f"stopped: its worker process got {signal.Signals(number).name}"
    return f"crashed: its worker process got {_signal_name(number)}"


def describe_lack(record: RunRecord, errors: bytes) -> str | None:
    """Return one line that names the exhausted resource that a worker died of; None if it died of another
    cause. ``errors``: the last bytes that it wrote to stderr."""
    said = errors.decode("utf-8", "backslashreplace")
    if "Too many open files" in f"{said} {record.traceback}":
        return too_many_files()
    # A traceback that was passed on tells of the death; what else is on stderr need not.
    if any(sign in (record.traceback or said) for sign in _MEMORY_SIGNS):
        return out_of_memory()
    if any(sign in (record.traceback or said) for sign in _PROCESS_SIGNS):
        return too_many_processes()
    return None


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
