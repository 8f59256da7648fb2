"""Write runs, and what happened in them, as records and as tables."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from sloth_tui.cli.output import columns, tables
from sloth_tui.cli.output.formats import write_records
from sloth_tui.text import timestamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.runs.model import Run

RUN_FIELDS = (
    *("id", "file", "agent", "store", "check", "tasks", "title", "command_line", "directory"),
    *("started_at", "ended_at", "duration", "result", "exit_code", "error", "hint", "would_change"),
    *("changed", "keys", "missing", "host", "pid"),
)


def run_record(run: Run) -> dict[str, object]:
    """Return a run as JSON and CSV show it."""
    duration = None if run.duration is None else round(run.duration, 3)
    fields = {
        **run._asdict(),
        "tasks": list(run.tasks),
        "started_at": timestamp(run.started),
        "ended_at": timestamp(run.ended),
        "duration": duration,
    }
    return {name: fields[name] for name in RUN_FIELDS}


def write_runs(runs: Sequence[Run], form: str, out: Output) -> int:
    """Write runs as a table or in a format for scripts; return their number."""
    if form != "table":
        return write_records(RUN_FIELDS, map(run_record, runs), form, out)
    shown_as = [
        columns.word("ID"),
        columns.moment("WHEN"),
        columns.text("FILE"),
        columns.word("AGENT"),
        columns.word("KIND"),
        columns.word("RESULT"),
        columns.span("DURATION"),
        columns.number("CHANGES"),
    ]
    rows = [
        (
            run.id,
            run.started,
            short_path(run.file) if out.terminal else run.file,
            run.agent,
            kind_of(run),
            run.result,
            max(0.0, time.time() - run.started) if run.going else run.duration,
            None if run.going else run.changed,
        )
        for run in runs
    ]
    return tables.write_rows(shown_as, rows, out)


def kind_of(run: Run) -> str:
    """Return ``check`` for a run that only predicts, else ``run``."""
    return "check" if run.check else "run"


def short_path(path: str) -> str:
    """Return a path as a person would type it here."""
    for directory, mark in ((_here(), ""), (os.path.expanduser("~"), "~/")):
        if len(directory) > 1 and path.startswith(directory + "/"):
            return mark + path[len(directory) + 1 :]
    return path


def _here() -> str:
    try:
        return os.getcwd()
    except OSError:
        return ""
