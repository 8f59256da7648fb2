"""The Python side of Lua's ``state.history`` and ``state.revision``."""

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
"""Revisions that cross at a time: each is many values on Lua's stack."""


class HistoryModule:
    """Answers Lua's calls about the history of a store."""

    def __init__(
        self, store: Callable[[], Store], value_to_lua: Callable[[Value], tuple[object, bool]]
    ) -> None:
        """``value_to_lua``: as in the module convert, but raises MemoryError if Lua has no room for it."""
        self._store = store
        self._value_to_lua = value_to_lua
        self._cursor: Iterator[Revision] = iter(())

    def functions(self) -> dict[str, Callable[..., object]]:
        """Return the host functions that state.lua calls, by name."""
        return {"history": self._history, "history_next": self._history_next, "revision": self._revision}

    def end_task(self) -> None:
        self._cursor = iter(())

    def _history(self, key: object, limit: object) -> object:
        if limit is not None and (not isinstance(limit, int) or limit < 1):
            raise UsageError("limit must be a whole number, 1 or more")
        self._cursor = self._store().revisions(text_from_lua(key, "key"), limit=limit)
        return (True,)

    def _history_next(self) -> object:
        """Return the fields of the next revisions, in the order state.lua names them; none at the end."""
        batch: list[object] = [True]
        for _ in range(_BATCH):
            revision = next(self._cursor, None)
            if revision is None:
                break
            batch += self._fields(revision)
        return tuple(batch)

    def _revision(self) -> object:
        return True, self._store().revision()

    def _fields(self, revision: Revision) -> tuple[object, ...]:
        origin = revision.origin
        words = (
            (EXTERNAL, None, None, None, None)
            if origin is None
            else (origin.user, origin.program, origin.title, origin.run, origin.task)
        )
        return (
            revision.revision,
            revision.at,
            revision.operation.encode(),
            revision.secret,
            *(None if word is None else word.encode("utf-8", "backslashreplace") for word in words),
            *self._held(revision.old),
            *self._held(revision.new),
        )

    def _held(self, value: Value | None) -> tuple[object, bool]:
        return (None, False) if value is None else self._value_to_lua(value)
