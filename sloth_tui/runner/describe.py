"""Describe what happens in a run, in the words that both front ends show.

An event becomes lines, and a line is pieces of harmless text, each with a role, for which a front end has a
style. A front end adds nothing to the words:

=============  ================================================================================
``heading``    which run or task the lines below are about
``output``     what a task printed
``change``     which key or resource a task changed, or that was taken back; old value and new
               value are ``old`` and ``new``
``added``      a line of a diff that the new content has
``removed``    one that the old content had
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
from sloth_tui.runner.describe_check import CheckDescriber, describe_counts
from sloth_tui.runner.describe_hosts import host_of
from sloth_tui.runner.schedule import describe_task
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
        self._predicted = CheckDescriber()
        self._results: dict[str, int] = {}
        """The number of tasks that ended with each result."""
        self._check = False
        self._changed = self._ok = self._keys = 0

    def lines(self, event: RunEvent) -> list[TextLine]:
        """Return the lines that describe an event; none if there is nothing to say."""
        self._predicted.take(event)
        host = host_of(event)
        lines = self._lines(event)
        return lines if host is None else [self._marked(line, host) for line in lines]

    def _marked(self, line: TextLine, host: str) -> TextLine:
        """Put the host before a line about the task of a heading; such lines are indented."""
        first, *rest = line
        if not first.text.startswith(_INDENT.text):
            return line
        mark = Piece(f"{self._data(host)} | ", "quiet")
        return (_INDENT, mark, *rest) if first == _INDENT else (_INDENT, mark, first, *rest)

    def _lines(self, event: RunEvent) -> list[TextLine]:
        match event:
            case events.RunStarted():
                self._check = event.check
                verb = "check" if event.check else "run"
                where = f"{verb} {self._data(event.file)} on agent {self._data(event.agent)}"
                tasks = format_count(len(event.tasks), "task")
                return [(Piece(where, "heading"), Piece(f": {tasks}", "quiet"))]
            case events.TaskStarted():
                return [(Piece(self._heading(event), "heading"),)]
            case events.TaskOutput():
                if event.partial:  # the whole line follows
                    return []
                mark = (Piece("! ", "warning"),) if event.stream == "stderr" else ()
                return [(_INDENT, *mark, Piece(output_line(event.text, self._limit), "output"))]
            case events.KeyChanged():
                verb = "would change " if event.predicted else "changed "
                return [(_INDENT, Piece(verb, "change"), *self._change(event))]
            case events.Resource():
                return self._resource(event)
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

    def _resource(self, event: events.Resource) -> list[TextLine]:
        """Return the change and its diff. Nothing is said, only counted, of what is as wanted, and of
        commands that ran: their output is there."""
        if not event.changed or (event.kind == "command" and not event.predicted):
            return []
        verb, what = _act(event)
        where = "" if event.host == (event.task_host or "local") else f" on {event.host}"
        why = f": {', '.join(event.what)}" if event.what else ""
        why += "" if event.uncertain is None else f" (if '{event.uncertain}' makes it possible)"
        change: TextLine = (
            _INDENT,
            Piece(f"{verb} ", "change"),
            Piece(self._data(f"{what}{where}"), "change"),
            Piece(self._data(why), "plain"),
        )
        return [change, *(self._diff_line(line) for line in diff_lines(event, self._limit))]

    def _diff_line(self, line: str) -> TextLine:
        role = {"+": "added", "-": "removed", " ": "plain"}.get(line[:1], "quiet")
        return (Piece(f"    {line}", role),)

    def _stopping(self, event: events.Stopping) -> str:
        asked = format_count(event.processes, "process", "processes")
        line = f"stopping: waiting up to {format_duration(event.seconds)} for {asked} to end"
        return f"{line}; {self._how_to_kill} to kill" if self._how_to_kill else line

    def _task_finished(self, event: events.TaskFinished) -> list[TextLine]:
        self._results[event.result] = self._results.get(event.result, 0) + 1
        why = (Piece(f": {self._data(event.error)}", "bad"),) if event.error is not None else ()
        if event.result == "skipped":
            return [(Piece(f"{self._heading(event)} ", "heading"), Piece("skipped", "bad"), *why)]
        if event.up_to_date:
            return [(_INDENT, Piece("up to date", "good"))]
        if predicted := self._predicted.task_finished(event):
            role = "good" if event.result == "done" else "bad"
            return [(_INDENT, Piece(predicted, role), *why), *self._trace(event.trace)]
        self._changed += event.resources
        self._ok += event.ok
        self._keys += event.changed
        counts = _counts(event.resources, event.ok, event.changed, check=self._check)
        if not counts and event.changed:
            counts = [format_count(event.changed, "change")]
        took = Piece(
            f" in {format_duration(event.duration)}{''.join(f', {part}' for part in counts)}", "quiet"
        )
        return [(_INDENT, _result(event.result), took, *why), *self._trace(event.trace)]

    def _heading(self, event: events.TaskStarted | events.TaskFinished) -> str:
        return f"task {self._data(describe_task(event.task, event.host))}"

    def _run_finished(self, event: events.RunFinished) -> list[TextLine]:
        if event.result == "error":
            return self._trace(event.trace)  # it did not run; the error of the command says why
        if predicted := self._predicted.run_finished(event):
            return [(Piece(predicted, "heading"),)]
        counts = describe_counts(self._results)
        took = f" in {format_duration(event.duration)}" + (f": {counts}" if counts else "")
        resources = _counts(self._changed, self._ok, self._keys, check=self._check)
        took += f"; {', '.join(resources)}" if resources else ""
        return [(Piece("run ", "heading"), _result(event.result), Piece(took, "quiet"))]

    def _trace(self, trace: str | None) -> list[TextLine]:
        if trace is None or not self._traces:
            return []
        return [(Piece(f"    {self._data(line)}", "quiet"),) for line in trace.expandtabs(2).splitlines()]

    def _data(self, text: str) -> str:
        return display_text(text, self._limit)


def diff_lines(event: events.Resource, limit: int | None = None) -> list[str]:
    """Return the lines of the diff of a resource, harmless; blanks at the end of one that differs can be
    seen."""
    lines = [] if event.diff is None else event.diff.split("\n")
    shown = [display_text(_with_visible_end(line), limit) for line in lines]
    more = [f"… {format_count(event.shortened, 'more line')}"] if event.shortened else []
    return [*shown, *more]


def plain_text(line: TextLine) -> str:
    """Return a line without its roles."""
    return "".join(piece.text for piece in line)


def _result(result: str) -> Piece:
    return Piece(result, "good" if result == "done" else "bad")


def _act(event: events.Resource) -> tuple[str, str]:
    """Return what is, or would be, done, and to what."""
    if event.kind == "command":
        return "would run" if event.predicted else "ran", f"'{event.name}'"
    within = " in" if event.kind in ("line", "block") else ""
    return "would change" if event.predicted else "changed", f"{event.kind}{within} {event.name}"


def _with_visible_end(line: str) -> str:
    """Return a line of a diff with marks for the blanks at its end, if it differs."""
    bare = line.rstrip(" ")
    if not line.startswith(("+", "-")) or bare == line:
        return line
    bare = bare or line[:1]
    return bare + "␠" * (len(line) - len(bare))


def _counts(changed: int, ok: int, keys: int, *, check: bool) -> list[str]:
    """Return what is told of resources, and of keys beside them; nothing if there were no resources."""
    if not changed and not ok:
        return []
    parts = (
        [f"{format_count(changed, 'resource')} {'would change' if check else 'changed'}"] if changed else []
    )
    parts += [format_count(keys, "key change")] if keys else []
    return [*parts, *([f"{ok:,} as wanted"] if ok else [])]
