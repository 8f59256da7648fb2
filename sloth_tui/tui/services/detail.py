"""What the detail pane asks of the store: the history of one key, and changes of one entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from sloth_tui.tui.messages import HistoryRead

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from typing import TypeAlias

    from textual.message import Message

    from sloth_tui.model import Revision, Value
    from sloth_tui.store.port import Store, WindowedStore
    from sloth_tui.tui.services.reader import Reader

T = TypeVar("T")
Write: TypeAlias = "Callable[[str, Callable[[Store], T]], Future[T]]"

TOPIC = "history"
_STEPS = (1, 8, 64, 200)
"""How many revisions are read, in steps: their values are read with them."""
_BUDGET = 8 * 1024 * 1024
"""Characters of values, about, beyond which no more revisions are read."""


class Detail:
    """Reads on the reader's thread, writes on the writer's."""

    def __init__(
        self,
        reader: Reader,
        write: Callable[[str, Callable[[Store], object]], Future[object]],
        post: Callable[[Message], object],
    ) -> None:
        self._reader = reader
        self._write = write
        self._post = post

    def show_history(self, key: str | None, size: int) -> None:
        """HistoryRead follows, now and whenever it may have changed; None: no more. ``size`` of the value,
        in bytes, says how many revisions can be afforded."""
        if key is None:
            self._reader.unwatch(TOPIC)
            return

        def read(store: WindowedStore) -> None:
            revisions, more = newest(store, key, size)
            self._post(HistoryRead(key, revisions, more=more))

        self._reader.watch(TOPIC, read)


def newest(store: Store, key: str, size: int) -> tuple[list[Revision], bool]:
    """The newest revisions of a key, as many as can be held with their values, and whether there are more."""
    found: list[Revision] = []
    for limit in _STEPS:
        expected = max(size, sum(map(_weight, found)) // max(len(found), 1)) * limit
        if found and expected > _BUDGET:
            return found, True
        found = list(store.revisions(key, limit=limit))
        if len(found) < limit:
            return found, False
    return found, True


def _weight(revision: Revision) -> int:
    return sum(map(_length, (revision.old, revision.new)))


def _length(value: Value | None) -> int:
    return len(value) if isinstance(value, str | bytes) else len(repr(value))
