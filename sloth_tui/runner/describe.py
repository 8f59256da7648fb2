"""Describe the events of a run, for both front ends; each adds marks, places and colours of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.runner import events
from sloth_tui.text import format_count, format_duration

if TYPE_CHECKING:
    from sloth_tui.runner.events import RunEvent


def describe(event: RunEvent) -> str:
    """Return the text of an event. The data in it is as it is: the caller escapes it before it shows it.

    The text of a task is its name, of output the line, of a change the key. The front end adds the values.
    """
    match event:
        case events.RunStarted():
            return format_count(len(event.tasks), "task")
        case events.TaskStarted():
            return event.task
        case events.TaskOutput():
            return event.text
        case events.KeyChanged() | events.KeyRestored():
            return event.key
        case events.Warned():
            return event.message
        case events.Stopping():
            asked = format_count(event.processes, "process", "processes")
            return f"stopping: waiting up to {format_duration(event.seconds)} for {asked} to end"
        case events.TaskFinished():
            if event.result == "skipped":
                return "skipped"
            changes = f", {format_count(event.changed, 'change')}" if event.changed else ""
            return f"{event.result} in {format_duration(event.duration)}{changes}"
        case events.RunFinished():
            return f"{event.result} in {format_duration(event.duration)}"
