"""Report what a run changed on hosts, and what it found as wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.runner.events import Resource

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.runner.resources.change import Change
    from sloth_tui.runner.worker.emitter import Emitter


class ResourceReporter:
    """Sends a Resource for each call that wants something to be so."""

    def __init__(self, emitter: Emitter, before: Callable[[], None], *, check: bool) -> None:
        """``before`` is called before each event to send older ones. ``check``: the run only predicts."""
        self._emitter = emitter
        self._before = before
        self._check = check
        self.assumption: Callable[[str], str | None] = _nothing
        """Returns the command that has to make possible what was just predicted on a host."""
        self._task: str | None = None
        self.changed = 0
        """The number of changes since :meth:`begin`."""
        self.ok = 0
        """The number of those that were as wanted."""

    def begin(self, task: str) -> None:
        """Count from 0 for this task."""
        self._task, self.changed, self.ok = task, 0, 0

    def resource(self, host: str, change: Change) -> None:
        """Report what a module compared and changed."""
        told = change.difference
        self._send(
            Resource(
                self._task,
                host,
                change.kind,
                _encodable(change.name),
                change.changed,
                self._check,
                change.what,
                None if told is None else _encodable(told.text),
                0 if told is None else told.left_out,
            )
        )

    def command(self, host: str, command: str, *, changed: bool, skipped: str | None) -> None:
        """Report a command."""
        what = [] if skipped is None else [skipped]
        self._send(Resource(self._task, host, "command", command, changed, self._check, what))

    def _send(self, event: Resource) -> None:
        self._before()
        if event.changed:
            self.changed += 1
        else:
            self.ok += 1
        self._emitter.event(event._replace(uncertain=self.assumption(event.host)))


def _nothing(host: str) -> None:
    return None


def _encodable(name: str) -> str:
    """Return it with ``\\xNN`` for bytes that are not UTF-8."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
