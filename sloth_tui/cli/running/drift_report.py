"""What has drifted: what a run that only predicts would change, without what is as wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.runner import events
from sloth_tui.runner.describe import diff_lines
from sloth_tui.runner.describe_hosts import host_of
from sloth_tui.runner.protocol import event_to_json
from sloth_tui.runner.schedule import describe_task
from sloth_tui.text import display_text
from sloth_tui.values.render import abbreviate

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.runner.events import RunEvent


class DriftReport:
    """Collects the events of a run that only predicts."""

    def __init__(self) -> None:
        self.file = ""
        self.at = 0.0
        self.drifted: list[events.Resource | events.KeyChanged] = []
        """In the order in which it came up; a key once for each host that the task runs for, with its first
        and its last value."""
        self.failed: list[events.TaskFinished] = []
        self.warnings: list[str] = []
        self.end: events.RunFinished | None = None

    def take(self, event: RunEvent) -> None:
        """Take note of an event."""
        match event:
            case events.RunStarted():
                self.file, self.at = event.file, event.at
            case events.Resource() if event.changed:
                self.drifted.append(event)
            case events.KeyChanged():
                self._take_change(event)
            case events.TaskFinished() if event.result not in ("done", "skipped"):
                self.failed.append(event)
            case events.Warned():
                where = "" if event.host is None else f"{describe_task(event.task or '', event.host)}: "
                self.warnings.append(where + event.message)
            case events.RunFinished():
                self.end = event

    def _take_change(self, event: events.KeyChanged) -> None:
        for number, first in enumerate(self.drifted):
            if isinstance(first, events.KeyChanged) and (first.key, first.host) == (event.key, event.host):
                both = first._replace(
                    new=event.new, deleted=event.deleted, shortened=first.shortened or event.shortened
                )
                self.drifted[number : number + 1] = [] if _is_as_before(both) else [both]
                return
        self.drifted.append(event)

    def to_json(self) -> dict[str, object]:
        """Return the report for programs."""
        return {
            "file": self.file,
            "at": self.at,
            "drifted": [_record(each) for each in self.drifted],
            "failed": [
                {"task": each.task, "host": each.host, "result": each.result, "error": each.error}
                for each in self.failed
            ],
        }

    def lines(self, is_secret: Callable[[str], bool]) -> list[str]:
        """Return the report for people, escaped."""
        lines = []
        for each in self.drifted:
            task = "" if each.task is None else f"{describe_task(each.task, host_of(each))}: "
            if isinstance(each, events.KeyChanged):
                lines.append(display_text(f"{task}key {each.key}: ") + _values(each, is_secret))
            else:
                lines.append(display_text(task + _words(each)))
                lines += [f"  {line}" for line in diff_lines(each)]
        for end in self.failed:
            name = describe_task(end.task, end.host)
            lines.append(display_text(f"{name}: {end.result}: {end.error or ''}"))
        return lines


def _is_as_before(event: events.KeyChanged) -> bool:
    """True if it is known that the key has the value that it had."""
    if event.created or event.deleted:
        return event.created and event.deleted
    known = not event.secret and not event.shortened
    return known and (type(event.old), event.old) == (type(event.new), event.new)


def _words(event: events.Resource) -> str:
    name = f"'{event.name}'" if event.kind == "command" else event.name
    where = "" if event.host == (event.task_host or "local") else f" on {event.host}"
    what = ", ".join(event.what) or ("would run" if event.kind == "command" else "differs")
    uncertain = "" if event.uncertain is None else f" (if '{event.uncertain}' makes it possible)"
    return f"{event.kind} {name}{where}: {what}{uncertain}"


def _values(event: events.KeyChanged, is_secret: Callable[[str], bool]) -> str:
    if event.secret or is_secret(event.key):
        return "(secret)"
    old = "absent" if event.created else abbreviate(event.old, cut=event.shortened)
    new = "absent" if event.deleted else abbreviate(event.new, cut=event.shortened)
    return f"{old} -> {new}"


def _record(event: events.Resource | events.KeyChanged) -> dict[str, object]:
    fields = event_to_json(event)
    if isinstance(event, events.Resource):
        names = ("task", "host", "kind", "name", "what")
        values = {"old": None, "new": None}
        rest = {name: fields[name] for name in ("diff", "shortened", "uncertain")}
        return {**{name: fields[name] for name in names}, **values, **rest}
    what = "created" if event.created else "removed" if event.deleted else "content"
    return {
        "task": event.task,
        "host": event.host or "local",
        "kind": "key",
        "name": event.key,
        "what": [what],
        "old": fields["old"],
        "new": fields["new"],
        "diff": None,
        "shortened": 0,
        "uncertain": None,
    }
