"""What a run changed: each key with its first old and its last new value, and resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.runner import events
from sloth_tui.text import display_text
from sloth_tui.values.render import abbreviate

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.model import Value
    from sloth_tui.runner.events import RunEvent

_KEPT = 5000
"""Keys and resources that are listed; the rest is counted."""
_ABSENT = "absent"
_SECRET = "(secret)"  # noqa: S105 - what stands in the place of one


class RunChange(NamedTuple):
    """A key or a resource that the run changed, or in a check would change."""

    kind: str
    """``key``, or the kind of a resource: ``file``, ``package`` ..."""
    name: str
    """The key, path or name. Data."""
    old: str
    """The first old value of a key, harmless and abbreviated; empty for a resource."""
    new: str
    """The last new value of a key; for a resource, what differed."""
    task: str | None
    host: str | None
    """The host of a resource, or the one that the task ran for."""
    predicted: bool = False
    times: int = 1
    """How often it was changed."""
    taken_back: bool = False


class RunChanges:
    """Collects changes from events, in the order of the first change of each."""

    def __init__(self, is_secret: Callable[[str], bool]) -> None:
        self._is_secret = is_secret
        self._changes: dict[tuple[str, str, str | None], RunChange] = {}
        self.unlisted = 0
        """Changes of keys and resources beyond those that are listed."""
        self.version = 0

    def list(self) -> list[RunChange]:
        """Return what was changed so far."""
        return list(self._changes.values())

    def take(self, event: RunEvent) -> None:
        """Take note of an event."""
        match event:
            case events.KeyChanged():
                old = self._value(event, event.old, absent=event.created)
                new = self._value(event, event.new, absent=event.deleted)
                host = event.host if event.predicted else None
                change = RunChange("key", event.key, old, new, event.task, host, event.predicted)
                self._merge(change)
            case events.KeyRestored():
                self._restore(event.key)
            case events.Resource() if event.changed and (event.kind != "command" or event.predicted):
                what = display_text(", ".join(event.what))
                host = None if event.host == "local" else event.host
                change = RunChange(event.kind, event.name, "", what, event.task, host, event.predicted)
                self._merge(change)

    def _merge(self, change: RunChange) -> None:
        self.version += 1
        place = (change.kind, change.name, change.host)
        first = self._changes.get(place)
        if first is not None:
            new = change.new or first.new
            self._changes[place] = change._replace(old=first.old, new=new, times=first.times + 1)
        elif len(self._changes) < _KEPT:
            self._changes[place] = change
        else:
            self.unlisted += 1

    def _restore(self, key: str) -> None:
        self.version += 1
        for place in [place for place in self._changes if place[:2] == ("key", key)]:
            self._changes[place] = self._changes[place]._replace(taken_back=True)

    def _value(self, event: events.KeyChanged, value: Value | None, *, absent: bool) -> str:
        if value is None and (absent or not event.secret):
            return _ABSENT
        if event.secret or self._is_secret(event.key):
            return _SECRET
        return abbreviate(value, cut=event.shortened)
