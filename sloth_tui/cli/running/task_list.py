"""``run --list``: show the tasks of a file without running them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.cli.output import columns, tables
from sloth_tui.cli.running.requests import keys_for
from sloth_tui.runner.supervision.listing import list_tasks
from sloth_tui.values.render import compact

if TYPE_CHECKING:
    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.runner.request import RunRequest


def show_tasks(request: RunRequest, out: Output, *, as_json: bool) -> None:
    """Write the tasks in the order they would run. Raises TaskFileError."""
    tasks = list_tasks(request, keys_for(request))
    if as_json:
        for task in tasks:
            out.json(compact(task._asdict()) + "\n")
        return
    fields = [
        columns.text("TASK"),
        columns.text("DEPENDS ON"),
        columns.text("TARGET"),
        columns.text("DESCRIPTION"),
    ]
    rows = [
        (
            task.name,
            ", ".join(task.depends_on),
            ", ".join(task.hosts) or task.delegate_to or "",
            task.description or "",
        )
        for task in tasks
    ]
    tables.write_rows(fields, rows, out)
