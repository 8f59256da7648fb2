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
    result: str
    duration: float | None
    """None for a task that did not run."""
    keys: int
    why: str


class RunSummary:
    """Collects the results of a run as they come."""

    def __init__(self) -> None:
        self._rows: list[_Row] = []
        self._keys: set[str] = set()
        """Keys that the running task has changed."""

    def take(self, event: RunEvent) -> None:
        """Take note of an event."""
        match event:
            case events.TaskStarted():
                self._keys.clear()
            case events.KeyChanged():
                self._keys.add(event.key)
            case events.TaskFinished():
                ran = event.result != "skipped"
                duration = event.duration if ran else None
                keys = len(self._keys) if ran else 0
                self._rows.append(_Row(event.task, event.result, duration, keys, event.error or ""))

    def write(self, out: Output) -> None:
        """Write the table, with a column for reasons if there are any."""
        all_columns = [
            columns.text("TASK"),
            columns.word("RESULT"),
            columns.span("DURATION"),
            columns.number("KEYS CHANGED"),
            columns.text("WHY"),
        ]
        shown = len(all_columns) if any(row.why for row in self._rows) else len(all_columns) - 1
        tables.write_rows(all_columns[:shown], [row[:shown] for row in self._rows], out)
