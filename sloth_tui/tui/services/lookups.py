"""Single questions about the agent on screen."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from concurrent.futures import Future

    from sloth_tui.model import Entry, LockUse, Value
    from sloth_tui.tui.services.reader import Reader


class Sample(NamedTuple):
    """The number of keys that begin with a prefix, and the first few."""

    total: int
    keys: list[str]


class Lookups:
    """Asks on the thread that reads. The futures raise the errors of the store."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def entry(self, key: str) -> Future[Entry]:
        """Read one entry. Raises KeyNotFound."""
        return self._reader.call(lambda store: store.entry(key))

    def values(self, keys: list[str]) -> Future[dict[str, Value]]:
        """Return the values of the keys that exist, in the order of ``keys``."""
        return self._reader.call(lambda store: store.get_many(keys))

    def sample(self, prefix: str, size: int) -> Future[Sample]:
        """Count the keys that begin with ``prefix`` and read the first ``size`` of them."""
        return self._reader.call(
            lambda store: Sample(store.count(prefix), list(islice(store.keys(prefix), size)))
        )

    def keys_like(self, text: str, limit: int) -> Future[list[str]]:
        """Return up to ``limit`` keys that begin with ``text``, in key order."""
        return self._reader.call(lambda store: list(islice(store.keys(text), limit)))

    def lock_history(self, name: str | None, limit: int) -> Future[list[LockUse]]:
        """Return the newest acquisitions of a lock, or of all locks."""
        return self._reader.call(lambda store: store.lock_history(name, limit))
