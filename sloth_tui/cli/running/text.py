"""Turn the events of a run into lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.runner import events
from sloth_tui.runner.describe import describe
from sloth_tui.text import display_text, output_line
from sloth_tui.values.render import told

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.runner.events import RunEvent


class RunText:
    """Returns the lines of each event, indented under its task."""

    def __init__(
        self,
        *,
        traces: bool = False,
        interactive: bool = False,
        is_secret: Callable[[str], bool] = lambda key: False,
    ) -> None:
        """``traces``: show Lua tracebacks of failed tasks as well. ``interactive``: a person can press keys.
        ``is_secret``: True for keys whose values are not shown, besides those that history does not keep."""
        self._interactive = interactive
        self._traces = traces
        self._is_secret = is_secret
        self._results: dict[str, int] = {}

    def lines(self, event: RunEvent) -> str | None:
        """Return one or more lines, escaped, without the last line feed; None for an event without text."""
        match event:
            case events.RunStarted():
                where = f"run {event.file} on agent {event.agent}"
                return display_text(f"{where}: {describe(event)}")
            case events.TaskStarted():
                return f"task {display_text(describe(event))}"
            case events.TaskOutput():
                mark = "! " if event.stream == "stderr" else ""
                return f"  {mark}{output_line(describe(event))}"
            case events.KeyChanged():
                return f"  changed {self._change(event)}"
            case events.KeyRestored():
                return f"took back {self._change(event)}"
            case events.Warned():
                return f"  warning: {display_text(describe(event))}"
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
            else told(value, event.shortened)
            for value, absent in ((event.old, event.created), (event.new, event.deleted))
        )
        return f"{display_text(event.key)}: {old} -> {new}"

    def _stopping(self, event: events.Stopping) -> str:
        line = f"  {describe(event)}"
        return f"{line}; press ctrl+c again to kill" if self._interactive else line

    def _task_finished(self, event: events.TaskFinished) -> str:
        self._results[event.result] = self._results.get(event.result, 0) + 1
        why = "" if event.error is None else f": {display_text(event.error)}"
        if event.result == "skipped":
            return f"task {display_text(event.task)} {describe(event)}{why}"
        line = f"  {describe(event)}{why}"
        return "\n".join([line, *self._trace(event.trace)])

    def _run_finished(self, event: events.RunFinished) -> str | None:
        if event.result == "error":
            return "\n".join(self._trace(event.trace)) or None  # it did not run; stderr says why
        counts = ", ".join(f"{count} {result}" for result, count in self._results.items())
        return f"run {describe(event)}" + (f": {counts}" if counts else "")

    def _trace(self, trace: str | None) -> list[str]:
        if trace is None or not self._traces:
            return []
        return [f"    {display_text(line)}" for line in trace.expandtabs(2).splitlines()]
