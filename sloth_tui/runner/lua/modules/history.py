"""The host's side of Lua's ``state.history`` and ``state.revision``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.errors import UsageError
from sloth_tui.origin import EXTERNAL
from sloth_tui.runner.lua.convert import text_from_lua

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sloth_tui.model import Revision, Value
    from sloth_tui.store.port import Store

_BATCH = 20
"""Revisions that cross at once: each is many values on Lua's stack."""


class HistoryCalls:
    """Answers questions about what was written."""

    def __init__(
        self, store: Callable[[], Store], value_to_lua: Callable[[Value], tuple[object, bool]]
    ) -> None:
        """``value_to_lua``: what crosses, and whether it is JSON text; raises MemoryError for too much."""
        self._store = store
        self._value_to_lua = value_to_lua
        self._walking: Iterator[Revision] = iter(())

    def functions(self) -> dict[str, Callable[..., object]]:
        """By the names state.lua calls them."""
        return {"history": self._history, "history_on": self._history_on, "revision": self._revision}

    def end_task(self) -> None:
        self._walking = iter(())

    def _history(self, key: object, limit: object) -> object:
        if limit is not None and (not isinstance(limit, int) or limit < 1):
            raise UsageError("limit must be a whole number, 1 or more")
        self._walking = self._store().revisions(text_from_lua(key, "key"), limit=limit)
        return (True,)

    def _history_on(self) -> object:
        """The next changes, field by field as state.lua names them; nothing at the end."""
        batch: list[object] = [True]
        for _ in range(_BATCH):
            change = next(self._walking, None)
            if change is None:
                break
            batch += self._fields(change)
        return tuple(batch)

    def _revision(self) -> object:
        return True, self._store().revision()

    def _fields(self, change: Revision) -> tuple[object, ...]:
        origin = change.origin
        words = (
            (EXTERNAL, None, None, None, None)
            if origin is None
            else (origin.user, origin.program, origin.title, origin.run, origin.task)
        )
        return (
            change.revision,
            change.at,
            change.operation.encode(),
            change.secret,
            *(None if word is None else word.encode("utf-8", "backslashreplace") for word in words),
            *self._held(change.old),
            *self._held(change.new),
        )

    def _held(self, value: Value | None) -> tuple[object, bool]:
        return (None, False) if value is None else self._value_to_lua(value)
