"""Describe what a run that only predicts has found out, in the words that both front ends show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.runner import events
from sloth_tui.runner.describe_hosts import host_of
from sloth_tui.text import format_count, format_duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sloth_tui.runner.events import RunEvent

_WOULD_CHANGE, _AS_WANTED, _UP_TO_DATE = "would change", "as wanted", "up to date"
_ORDER = ("done", _AS_WANTED, _UP_TO_DATE, _WOULD_CHANGE, "failed", "timeout", "cancelled", "skipped")
"""The words by which tasks are counted, as they are told."""


def describe_counts(tasks: Mapping[str, int]) -> str:
    """Return how many tasks ended in each way, in the same order always: ``2 done, 1 skipped``."""
    return ", ".join(f"{tasks[word]:,} {word}" for word in _ORDER if tasks.get(word))


class _Found:
    """What one task would change, for one host."""

    def __init__(self) -> None:
        self.keys: set[str] = set()
        self.changed = self.ok = 0
        """Resources that would change, and that are as wanted."""

    def describe(self) -> str:
        """Return ``2 resources, 1 key; 7 are as wanted``."""
        found = [format_count(self.changed, "resource")] if self.changed else []
        found += [format_count(len(self.keys), "key")] if self.keys else []
        wanted = f"{self.ok:,} {'is' if self.ok == 1 else 'are'} as wanted" if self.ok else ""
        return "; ".join(part for part in (", ".join(found), wanted) if part)


class CheckDescriber:
    """Counts what the events of a run predict. It says nothing about a run that is no check."""

    def __init__(self) -> None:
        self.check = False
        """True once the run has said that it only predicts."""
        self._found: dict[str | None, _Found] = {}
        """What the running task would change, by host."""
        self._tasks: dict[str, int] = {}
        """How many tasks ended in each way."""

    def take(self, event: RunEvent) -> None:
        """Take note of an event. Call this for each one, before the methods below."""
        match event:
            case events.RunStarted():
                self.check = event.check
            case events.TaskStarted():
                self._found[event.host] = _Found()
            case events.KeyChanged():
                self._found_by(event).keys.add(event.key)
            case events.Resource() if event.kind != "lock":
                self._found_by(event).changed += event.changed
                self._found_by(event).ok += not event.changed
            case events.TaskFinished():
                word = self._verdict(event)
                self._tasks[word] = self._tasks.get(word, 0) + 1

    def task_finished(self, event: events.TaskFinished) -> str | None:
        """Return ``would change in 0.2s: 2 resources, 1 key; 7 are as wanted``; None if the event says it
        itself."""
        word = self._verdict(event)
        if not self.check or word in ("skipped", _UP_TO_DATE):
            return None
        if word not in (_WOULD_CHANGE, _AS_WANTED):
            return f"{word} in {format_duration(event.duration)}"
        counts = self._found_by(event).describe()
        return f"{word} in {format_duration(event.duration)}" + (f": {counts}" if counts else "")

    def run_finished(self, event: events.RunFinished) -> str | None:
        """Return ``check finished in 0.9s: 2 as wanted, 1 would change``; None for a run that is no check."""
        if not self.check:
            return None
        ended = "finished" if event.result == "done" else event.result
        counts = describe_counts(self._tasks)
        return f"check {ended} in {format_duration(event.duration)}" + (f": {counts}" if counts else "")

    def _verdict(self, event: events.TaskFinished) -> str:
        if event.result != "done":
            return event.result
        if event.up_to_date:
            return _UP_TO_DATE
        found = self._found_by(event)
        return _WOULD_CHANGE if found.keys or found.changed else _AS_WANTED

    def _found_by(self, event: RunEvent) -> _Found:
        return self._found.setdefault(host_of(event), _Found())
