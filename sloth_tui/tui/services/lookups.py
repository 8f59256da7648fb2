"""Look up several keys at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import Future

    from sloth_tui.model import Value
    from sloth_tui.tui.services.reader import Reader


class Lookups:
    """Answered on the thread of the reader."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def values(self, keys: list[str]) -> Future[dict[str, Value]]:
        """Return the values of the keys that exist, in the order of ``keys``."""
        return self._reader.call(lambda store: store.get_many(keys))
