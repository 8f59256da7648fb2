"""Show a run that is kept: what is known of it, the results of its tasks, and what it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.cli.output import columns, tables
from sloth_tui.cli.output.diagnostics import narrate, warn
from sloth_tui.cli.output.run_records import kind_of, run_record
from sloth_tui.cli.running.summary import RunSummary
from sloth_tui.runner import events
from sloth_tui.runner.protocol import event_to_json
from sloth_tui.runs.reading import EventReader
from sloth_tui.text import display_text, format_count
from sloth_tui.values.render import abbreviate

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.model import Value
    from sloth_tui.runner.events import RunEvent
    from sloth_tui.runs.event_file import EventFile
    from sloth_tui.runs.model import Run

_MAX_ROWS = 1000
"""Changes in the table for people; ``-o json`` has all of them."""


class KeptRun:
    """Collects what is shown of a run."""

    def __init__(self, run: Run, is_secret: Callable[[str], bool]) -> None:
        """``is_secret``: True for keys whose values are not shown."""
        self._run = run
        self._is_secret = is_secret
        self._summary = RunSummary()
        self._results: list[events.TaskFinished] = []
        self._changes: list[events.KeyChanged | events.KeyRestored] = []
        self._resources: list[events.Resource] = []
        self._warnings: list[events.Warned] = []

    def read(self, file: EventFile) -> None:
        """Read the events so far."""
        reader = EventReader(file)
        for event, _ in reader.events():
            self._take(event)
        warn_of_damage(self._run, reader)

    def to_json(self) -> dict[str, object]:
        """Return the run for programs."""
        lists = {
            "results": self._results,
            "changes": [self._masked(change) for change in self._changes],
            "resources": self._resources,
            "warnings": self._warnings,
        }
        return {
            **run_record(self._run),
            **{name: [_fields(event) for event in found] for name, found in lists.items()},  # type: ignore[attr-defined]
        }

    def write(self, out: Output) -> None:
        """Write the run for people."""
        run = self._run
        fields = [
            ("run", columns.word(""), run.id),
            ("command", columns.text(""), run.command_line),
            ("file", columns.text(""), run.file),
            ("agent", columns.word(""), run.agent),
            ("store", columns.text(""), run.store),
            ("kind", columns.word(""), kind_of(run)),
            ("started", columns.moment(""), run.started),
            ("duration", columns.span(""), run.duration),
            ("result", columns.word(""), run.result),
            ("exit code", columns.number(""), run.exit_code),
            ("error", columns.text(""), run.error),
            ("hint", columns.text(""), run.hint),
        ]
        tables.write_fields([field for field in fields if field[2] is not None], out)
        if self._results:
            out.people("\n")
            self._summary.write(out)
        self._write_changes(out)
        self._write_resources(out)
        for warning in self._warnings:
            out.people(f"\nwarning: {display_text(warning.message)}\n")

    def _take(self, event: RunEvent) -> None:
        self._summary.take(event)
        match event:
            case events.TaskFinished():
                self._results.append(event)
            case events.KeyChanged() | events.KeyRestored():
                self._changes.append(event)
            case events.Resource() if event.changed:
                self._resources.append(event)
            case events.Warned():
                self._warnings.append(event)

    def _masked(
        self, change: events.KeyChanged | events.KeyRestored
    ) -> events.KeyChanged | events.KeyRestored:
        return change._replace(old=None, new=None, secret=True) if self._is_secret(change.key) else change

    def _write_changes(self, out: Output) -> None:
        if not self._changes:
            return
        out.people("\n")
        shown_as = [columns.text("TASK"), columns.text("KEY"), columns.text("OLD"), columns.text("NEW")]
        rows = []
        for change in self._changes[:_MAX_ROWS]:
            secret = change.secret or self._is_secret(change.key)
            old = _shown(change.old, absent=change.created, secret=secret, cut=change.shortened)
            new = _shown(change.new, absent=change.deleted, secret=secret, cut=change.shortened)
            task = "(taken back)" if isinstance(change, events.KeyRestored) else change.task or ""
            rows.append((task, change.key, old, new))
        tables.write_rows(shown_as, rows, out)
        _tell_of_more(len(self._changes), "change")

    def _write_resources(self, out: Output) -> None:
        if not self._resources:
            return
        out.people("\n")
        names = ("TASK", "HOST", "RESOURCE", "NAME", "CHANGED")
        rows = [
            (each.task or "", each.host, each.kind, each.name, ", ".join(each.what))
            for each in self._resources[:_MAX_ROWS]
        ]
        tables.write_rows([columns.text(name) for name in names], rows, out)
        _tell_of_more(len(self._resources), "resource")


def warn_of_damage(run: Run, reader: EventReader) -> None:
    """Tell of lines that could not be read, if there are any."""
    if reader.damaged:
        lines = format_count(reader.damaged, "line")
        warn(f"{lines} of the events of run {run.id} cannot be read, and left out")


def _shown(value: Value | None, *, absent: bool, secret: bool, cut: bool) -> str:
    if absent or (value is None and not secret):
        return "absent"
    return "(secret)" if secret else abbreviate(value, cut=cut)


def _fields(event: RunEvent) -> dict[str, object]:
    fields = event_to_json(event)
    del fields["event"]
    return fields


def _tell_of_more(count: int, noun: str) -> None:
    if count > _MAX_ROWS:
        narrate(f"… and {format_count(count - _MAX_ROWS, 'more ' + noun)}; -o json has all")
