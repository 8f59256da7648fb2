"""The first and the last event of a run."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sloth_tui.errors import ExitCode
from sloth_tui.runner.events import RunFinished, RunStarted
from sloth_tui.text import format_count

if TYPE_CHECKING:
    from sloth_tui.runner.supervision.record import RunRecord


def announce(record: RunRecord) -> RunStarted:
    """Return the event that says which tasks there are."""
    request = record.request
    hosts = {task.name: list(task.hosts) for task in record.fleet if task.hosts} or None
    tasks = record.planned_tasks()
    return RunStarted(record.run, request.file, request.agent, tasks, time.time(), request.check, hosts)


def finish(
    record: RunRecord, result: str | None = None, error: str | None = None, code: int = 0
) -> RunFinished:
    """Return the last event; by default, with the outcome of the tasks' results."""
    hint = None
    wrong = record.unusable
    if result is None and wrong is not None:
        result, error, hint, code = "error", wrong.message, wrong.hint, wrong.exit_code
    elif result is None:
        result, error, code = _verdict(record)
    trace = None if wrong is None else wrong.trace
    duration = time.monotonic() - record.started
    return RunFinished(record.run, result, code, duration, error, hint, trace, record.tally.would_change)


def _verdict(record: RunRecord) -> tuple[str, str | None, int]:
    found = list(record.results.values())
    failed, late, skipped = (found.count(kind) for kind in ("failed", "timeout", "skipped"))
    if not failed and not late:
        return "done", None, ExitCode.WOULD_CHANGE if record.tally.would_change else ExitCode.OK
    parts = [f"{format_count(failed, 'task')} failed"] if failed else []
    parts += [f"{format_count(late, 'task')} took too long"] if late else []
    parts += [f"{skipped:,} skipped"] if skipped else []
    if failed:
        return "failed", ", ".join(parts), ExitCode.TASK_FAILED
    return "timeout", ", ".join(parts), ExitCode.TASK_TIMEOUT
