"""Show the results of a run's tasks in a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.cli.output import columns, tables
from sloth_tui.runner import events

if TYPE_CHECKING:
    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.runner.events import RunEvent


class _Row(NamedTuple):
    task: str
    host: str
    """The host, if the task ran for several; else empty."""
    result: str
    duration: float | None
    """None for a task that did not run."""
    changed: int
    """Resources that were changed."""
    ok: int
    """Resources that were as wanted."""
    keys: int
    why: str


class RunSummary:
    """Collects the results of a run as they come."""

    def __init__(self) -> None:
        self._rows: list[_Row] = []
        self._keys: dict[str | None, set[str]] = {}
        """Keys that the running task has changed, by host."""

    def take(self, event: RunEvent) -> None:
        """Take note of an event."""
        match event:
            case events.TaskStarted():
                self._keys[event.host] = set()
            case events.KeyChanged():
                self._keys.setdefault(event.host, set()).add(event.key)
            case events.TaskFinished():
                ran = event.result != "skipped"
                duration = event.duration if ran else None
                keys = len(self._keys.get(event.host, ())) if ran else 0
                why = event.error or ""
                result = "up to date" if event.up_to_date else event.result
                row = _Row(
                    event.task, event.host or "", result, duration, event.resources, event.ok, keys, why
                )
                self._rows.append(row)

    def write(self, out: Output) -> None:
        """Write the table, with columns for hosts, resources and reasons if there are any."""
        hosts = any(row.host for row in self._rows)
        resources = any(row.changed or row.ok for row in self._rows)
        reasons = any(row.why for row in self._rows)
        all_columns = [
            (columns.text("TASK"), True),
            (columns.text("HOST"), hosts),
            (columns.word("RESULT"), True),
            (columns.span("DURATION"), True),
            (columns.number("CHANGED"), resources),
            (columns.number("AS WANTED"), resources),
            (columns.number("KEYS CHANGED"), True),
            (columns.text("WHY"), reasons),
        ]
        shown = [number for number, (_, there) in enumerate(all_columns) if there]
        rows = [[row[number] for number in shown] for row in self._rows]
        tables.write_rows([all_columns[number][0] for number in shown], rows, out)
