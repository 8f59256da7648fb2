"""Find out of an event for which of several hosts a task runs, and which task runs now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.runner import events
from sloth_tui.runner.schedule import describe_task

if TYPE_CHECKING:
    from sloth_tui.runner.events import RunEvent


def host_of(event: RunEvent) -> str | None:
    """Return the host that the task of an event runs for; None unless it runs for several."""
    if isinstance(event, events.Resource):
        return event.task_host
    host = getattr(event, "host", None)
    return host if isinstance(host, str) else None


class RunningTask:
    """Knows which task runs now, and for which hosts."""

    def __init__(self) -> None:
        self._task = ""
        self._hosts: dict[str | None, None] = {}

    def take(self, event: RunEvent) -> None:
        """Take note of an event."""
        match event:
            case events.TaskStarted():
                self._task = event.task
                self._hosts[event.host] = None
            case events.TaskFinished():
                self._hosts.pop(event.host, None)

    def describe(self) -> str:
        """Return its name, and where it runs; empty between tasks. The names are as they are."""
        if len(self._hosts) > 1:
            return f"{self._task} on {len(self._hosts)} hosts"
        return next((describe_task(self._task, host) for host in self._hosts), "")
