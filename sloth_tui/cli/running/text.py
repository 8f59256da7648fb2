"""A run's events as lines for people: what started, what it said and changed, how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.cli.output.jsontext import compact
from sloth_tui.runner import events
from sloth_tui.text import display_text, format_count, format_duration, output_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.model import Value
    from sloth_tui.runner.events import RunEvent

_LONGEST = 60
"""Characters of a value that are shown; the store has the rest."""


class RunText:
    """Puts each event into words, indented under its task."""

    def __init__(
        self,
        *,
        traces: bool = False,
        interactive: bool = False,
        is_secret: Callable[[str], bool] = lambda key: False,
    ) -> None:
        """``traces``: Lua tracebacks of what failed as well. ``interactive``: somebody may press keys.
        ``is_secret``: keys whose values are not told, beside those that history keeps none of."""
        self._interactive = interactive
        self._traces = traces
        self._is_secret = is_secret
        self._results: dict[str, int] = {}

    def lines(self, event: RunEvent) -> str | None:
        """One line or several, without the last line feed and harmless; None for what needs no words."""
        match event:
            case events.RunStarted():
                tasks = format_count(len(event.tasks), "task")
                return f"run {display_text(event.file)} on agent {display_text(event.agent)}: {tasks}"
            case events.TaskStarted():
                return f"task {display_text(event.task)}"
            case events.TaskOutput():
                mark = "! " if event.stream == "stderr" else ""
                return f"  {mark}{output_line(event.text)}"
            case events.KeyChanged():
                return f"  changed {self._change(event)}"
            case events.KeyRestored():
                return f"took back {self._change(event)}"
            case events.Warned():
                return f"  warning: {display_text(event.message)}"
            case events.Stopping():
                return self._stopping(event)
            case events.TaskFinished():
                return self._task_finished(event)
            case events.RunFinished():
                return self._run_finished(event)
        return None

    def _change(self, event: events.KeyChanged | events.KeyRestored) -> str:
        secret = event.secret or self._is_secret(event.key)
        old, new = (
            "absent"
            if value is None and (absent or not event.secret)
            else "(secret)"
            if secret
            else _shown(value, event.shortened)
            for value, absent in ((event.old, event.created), (event.new, event.deleted))
        )
        return f"{display_text(event.key)}: {old} -> {new}"

    def _stopping(self, event: events.Stopping) -> str:
        asked = format_count(event.processes, "process", "processes")
        line = f"  stopping: waiting up to {format_duration(event.seconds)} for {asked} to end"
        return f"{line}; press ctrl+c again to kill" if self._interactive else line

    def _task_finished(self, event: events.TaskFinished) -> str:
        self._results[event.result] = self._results.get(event.result, 0) + 1
        why = "" if event.error is None else f": {display_text(event.error)}"
        if event.result == "skipped":
            return f"task {display_text(event.task)} skipped{why}"
        changed = f", {format_count(event.changed, 'change')}" if event.changed else ""
        line = f"  {event.result} in {format_duration(event.duration)}{changed}{why}"
        return "\n".join([line, *self._trace(event.trace)])

    def _run_finished(self, event: events.RunFinished) -> str | None:
        if event.result == "error":
            return "\n".join(self._trace(event.trace)) or None  # it did not run; stderr says why
        counts = ", ".join(f"{count} {result}" for result, count in self._results.items())
        return f"run {event.result} in {format_duration(event.duration)}" + (f": {counts}" if counts else "")

    def _trace(self, trace: str | None) -> list[str]:
        if trace is None or not self._traces:
            return []
        return [f"    {display_text(line)}" for line in trace.expandtabs(2).splitlines()]


def _shown(value: Value | None, shortened: bool) -> str:
    """``shortened``: a text is only the beginning of the value."""
    text = display_text(compact(value))
    if len(text) <= _LONGEST:
        return text + ("…" if shortened and isinstance(value, str) else "")
    if shortened:
        return f"{text[:_LONGEST]}…"
    return f"{text[:_LONGEST]}… +{len(text) - _LONGEST} more chars"
