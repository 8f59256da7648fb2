"""The lines of the list of runs, and what is told of one."""

from __future__ import annotations

import shlex
import time
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content

from sloth_tui.text import display_text, format_age, format_count, format_duration
from sloth_tui.tui.actions import key_of
from sloth_tui.tui.run_screen.paths import shown_path
from sloth_tui.tui.widgets.dock.table_layout import TableColumn, TableLayout

if TYPE_CHECKING:
    from sloth_tui.runs.model import Run

_NAME_CELLS = 24
_RESULT_CELLS = 11
_MOST_CHARACTERS = 1000
RESULTS = {
    "going": ("▶ going", "$primary"),
    "done": ("✓ done", "$success"),
    "failed": ("✗ failed", "$error"),
    "timeout": ("✗ too late", "$error"),
    "cancelled": ("✗ stopped", "$warning"),
    "error": ("✗ error", "$error"),
    "lost": ("✗ lost", "$error"),
}
"""What is shown for each result."""


class RunTable:
    """The columns for these runs. Result, time and file stay on any width."""

    def __init__(self, runs: list[Run], room: int) -> None:
        agent = max([cell_len(display_text(run.agent)) for run in runs] + [5])
        columns = {
            "when": TableColumn("when", 4, required=True, right=True),
            "result": TableColumn("result", _RESULT_CELLS, required=True),
            "file": TableColumn("file", _NAME_CELLS, min_width=8, required=True),
            "agent": TableColumn("agent", min(agent, _NAME_CELLS), min_width=5),
            "took": TableColumn("took", 8, right=True),
            "changes": TableColumn("changes", 7, right=True),
            "id": TableColumn("id", 12, right=True),
        }
        order = ("result", "when", "file", "took", "agent", "changes", "id")
        self._layout = TableLayout(columns, order, room)
        self._layout.widen("file", 60)

    def heading(self) -> Content:
        return self._layout.heading()

    def line(self, run: Run, now: float) -> Content:
        """Return the line of a run; ``now`` in unix seconds."""
        return self._layout.line(
            {
                "when": (format_age(run.started, now).removesuffix(" ago"), "$quiet"),
                "result": result_of(run),
                "file": (f"{'check ' if run.check else ''}{_name(run)}", "bold" if run.going else ""),
                "agent": (run.agent, "$secondary"),
                "took": (format_duration(took(run, now)), "$quiet"),
                "changes": (f"{run.changed:,}" if run.changed else "", "$quiet"),
                "id": (run.id, "$quiet"),
            }
        )


def result_of(run: Run) -> tuple[str, str]:
    """Return the result of a run with its sign, and its style."""
    if run.check and run.result == "done":
        return ("≠ differs", "$warning") if run.would_change else ("✓ as wanted", "$success")
    return RESULTS.get(run.result, (run.result, "$foreground"))


def took(run: Run, now: float) -> float:
    """Return the seconds that a run took, or has taken so far."""
    return float(int(max(now - run.started, 0.0))) if run.duration is None else run.duration


def searched_text(run: Run) -> str:
    """Return what a filter looks at."""
    result, _ = result_of(run)
    kind = "check" if run.check else "run"
    return " ".join((run.file, run.agent, run.result, result, kind, run.id, run.command_line)).casefold()


def describe(run: Run, now: float) -> Content:
    """Return what is known of a run, in a few lines."""
    text, style = result_of(run)
    began = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(run.started))
    how = [(text, f"bold {style}"), (f" · {format_duration(took(run, now))} · began {began}", "$quiet")]
    facts = [Content.assemble(*how)]
    if run.error:
        facts.append(Content(_shown(run.error)).stylize("$error"))
    if run.hint:
        facts.append(Content(_shown(run.hint)).stylize("$quiet"))
    store = "" if run.store is None else f" in {_shown(run.store)}"
    tasks = f" · {format_count(len(run.tasks), 'task')} chosen" if run.tasks else ""
    where = f"{shown_path(run.file)} · agent {_shown(run.agent)}{store}{tasks}"
    facts.append(Content(where))
    line = run.command_line or "(its command line is not kept)"
    facts.append(Content.assemble(("$ ", "$quiet"), (_shown(line), "$secondary")))
    changes = format_count(run.changed, "change")
    if run.keys:
        changes += " of keys" if run.keys == run.changed else f", {run.keys:,} of keys"
    rest = [changes, f"run {run.id}"]
    rest += [f"exit code {run.exit_code}"] if run.exit_code is not None else []
    rest += [f"{format_count(run.missing, 'event')} missing"] if run.missing else []
    facts.append(Content(" · ".join(rest)).stylize("$quiet"))
    return Content("\n").join(facts)


def describe_list(shown: int, total: int, wanted: str, width: int) -> Content:
    """Return how many runs are listed, and what keys do with one, if there is room. ``wanted``: the text of
    the filter."""
    state = format_count(shown, "run")
    if wanted:
        state = f"{shown:,} of {format_count(total, 'run')} with '{display_text(wanted, 30)}'"
    hints = f"enter shows it, {key_of('open_source')} its file, {key_of('copy_kept')} copies its command"
    gap = width - len(state) - len(hints)
    return Content(state + " " * gap + hints if shown and gap > 1 else state)


def command_of(run: Run) -> str:
    """Return the command line of a run, or one that shows it."""
    return run.command_line or shlex.join(("sloth-runner", "runs", "show", run.id))


def _name(run: Run) -> str:
    return run.file.rpartition("/")[2] or run.file


def _shown(text: str) -> str:
    return display_text(text, _MOST_CHARACTERS)
