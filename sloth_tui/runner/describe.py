"""Describe what happens in a run, in the words that both front ends show.

An event becomes lines, and a line is pieces of harmless text, each with a role, for which a front end has a
style. A front end adds nothing to the words:

=============  ================================================================================
``heading``    which run or task the lines below are about
``output``     what a task printed
``change``     which key a task changed, or that was taken back; old value and new value are
               ``old`` and ``new``
``warning``    what a person should know, or do, though nothing has failed
``good``       that a task or the run did what it should
``bad``        that it did not, and why
``quiet``      details
``plain``      the rest
=============  ================================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from sloth_tui.model import TextPiece as Piece
from sloth_tui.runner import events
from sloth_tui.text import display_text, format_count, format_duration, output_line
from sloth_tui.values.render import abbreviate

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.model import TextLine, Value
    from sloth_tui.runner.events import RunEvent

_INDENT = Piece("  ", "plain")
"""Before every line about the task of the heading above."""


class RunDescriber:
    """Describes the events of one run, in the order they come."""

    def __init__(
        self,
        *,
        is_secret: Callable[[str], bool] = lambda key: False,
        how_to_kill: str = "",
        traces: bool = False,
        limit: int | None = None,
    ) -> None:
        """``is_secret``: True for keys whose values are not shown, besides those that history does not keep.
        ``how_to_kill``: what a person does to end commands at once; empty without a person. ``traces``:
        describe Lua tracebacks of failed tasks as well. ``limit``: the most characters of a text that comes
        from a task, such as a line of output or a key."""
        self._is_secret = is_secret
        self._how_to_kill = how_to_kill
        self._traces = traces
        self._limit = limit
        self._results: dict[str, int] = {}
        """The number of tasks that ended with each result."""

    def lines(self, event: RunEvent) -> list[TextLine]:
        """Return the lines that describe an event; none if there is nothing to say."""
        match event:
            case events.RunStarted():
                where = f"run {self._data(event.file)} on agent {self._data(event.agent)}"
                tasks = format_count(len(event.tasks), "task")
                return [(Piece(where, "heading"), Piece(f": {tasks}", "quiet"))]
            case events.TaskStarted():
                return [(Piece(f"task {self._data(event.task)}", "heading"),)]
            case events.TaskOutput():
                mark = (Piece("! ", "warning"),) if event.stream == "stderr" else ()
                return [(_INDENT, *mark, Piece(output_line(event.text, self._limit), "output"))]
            case events.KeyChanged():
                return [(_INDENT, Piece("changed ", "change"), *self._change(event))]
            case events.Resource():
                return []
            case events.KeyRestored():
                return [(Piece("took back ", "change"), *self._change(event))]
            case events.Warned():
                return [(_INDENT, Piece(f"warning: {self._data(event.message)}", "warning"))]
            case events.Stopping():
                return [(_INDENT, Piece(self._stopping(event), "warning"))]
            case events.TaskFinished():
                return self._task_finished(event)
            case events.RunFinished():
                return self._run_finished(event)
        assert_never(event)

    def _change(self, event: events.KeyChanged | events.KeyRestored) -> TextLine:
        secret = event.secret or self._is_secret(event.key)

        def describe(value: Value | None, *, absent: bool) -> str:
            if value is None and (absent or not event.secret):
                return "absent"
            return "(secret)" if secret else abbreviate(value, cut=event.shortened)

        return (
            Piece(f"{self._data(event.key)}: ", "change"),
            Piece(describe(event.old, absent=event.created), "old"),
            Piece(" -> ", "plain"),
            Piece(describe(event.new, absent=event.deleted), "new"),
        )

    def _stopping(self, event: events.Stopping) -> str:
        asked = format_count(event.processes, "process", "processes")
        line = f"stopping: waiting up to {format_duration(event.seconds)} for {asked} to end"
        return f"{line}; {self._how_to_kill} to kill" if self._how_to_kill else line

    def _task_finished(self, event: events.TaskFinished) -> list[TextLine]:
        self._results[event.result] = self._results.get(event.result, 0) + 1
        why = (Piece(f": {self._data(event.error)}", "bad"),) if event.error is not None else ()
        if event.result == "skipped":
            return [(Piece(f"task {self._data(event.task)} ", "heading"), Piece("skipped", "bad"), *why)]
        changes = f", {format_count(event.changed, 'change')}" if event.changed else ""
        took = Piece(f" in {format_duration(event.duration)}{changes}", "quiet")
        return [(_INDENT, _result(event.result), took, *why), *self._trace(event.trace)]

    def _run_finished(self, event: events.RunFinished) -> list[TextLine]:
        if event.result == "error":
            return self._trace(event.trace)  # it did not run; the error of the command says why
        counts = ", ".join(f"{count} {result}" for result, count in self._results.items())
        took = f" in {format_duration(event.duration)}" + (f": {counts}" if counts else "")
        return [(Piece("run ", "heading"), _result(event.result), Piece(took, "quiet"))]

    def _trace(self, trace: str | None) -> list[TextLine]:
        if trace is None or not self._traces:
            return []
        return [(Piece(f"    {self._data(line)}", "quiet"),) for line in trace.expandtabs(2).splitlines()]

    def _data(self, text: str) -> str:
        return display_text(text, self._limit)


def plain_text(line: TextLine) -> str:
    """Return a line without its roles."""
    return "".join(piece.text for piece in line)


def _result(result: str) -> Piece:
    return Piece(result, "good" if result == "done" else "bad")
