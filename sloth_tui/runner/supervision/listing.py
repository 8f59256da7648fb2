"""List the tasks of a file without running any."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, cast

from sloth_tui.errors import SlothError, TaskFileError, TaskTimeout
from sloth_tui.runner.plan import Task
from sloth_tui.runner.protocol import Note, decode_lines
from sloth_tui.runner.supervision.exit_reason import describe_exit, describe_lack
from sloth_tui.runner.supervision.process import WorkerProcess
from sloth_tui.runner.supervision.record import RunRecord
from sloth_tui.text import format_duration

if TYPE_CHECKING:
    from sloth_tui.runner.request import RunRequest

_DEFAULT_TIMEOUT_SECONDS = 10.0
_LISTS = ("depends_on", "sources", "creates", "hosts", "retry_delays", "workflows")


def list_tasks(request: RunRequest, keys: bytes = b"") -> list[Task]:
    """Return the tasks in the order they would run. A worker loads the file, which may write nothing;
    ``keys``: see :class:`Supervisor`.

    Takes at most ``request.timeout`` seconds, or 10. Raises TaskTimeout; SlothError if
    memory, open files or processes run out; TaskFileError if the file cannot be loaded, be it because of the
    store that it reads.
    """
    limit = _DEFAULT_TIMEOUT_SECONDS if request.timeout is None else request.timeout
    record = RunRecord(request, "")
    worker = WorkerProcess()
    worker.assign(record.assignment("list"), keys)
    deadline = time.monotonic() + limit
    try:
        while not worker.ended:
            if time.monotonic() >= deadline:
                raise TaskTimeout(f"{request.file}: loading took longer than {format_duration(limit)}")
            for message in decode_lines(worker.read(deadline - time.monotonic())):
                if isinstance(message, Note):
                    if message.name == "listed":
                        return [_task(fields) for fields in cast("list[dict[str, Any]]", message.details[0])]
                    record.take(message)
    finally:
        worker.close(seconds=1.0)
    if record.unusable is not None:
        raise record.unusable
    lacking = describe_lack(record, worker.errors)
    if lacking is not None:
        raise SlothError(f"{request.file}: {lacking}")
    raise TaskFileError(f"{request.file}: {describe_exit(record, worker.errors)}")


def _task(fields: dict[str, Any]) -> Task:
    lists = {name: tuple(fields[name]) for name in _LISTS}
    return Task(**{**fields, **lists})
