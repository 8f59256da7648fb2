"""The Python side of Lua's ``state.transaction``: blocks that nest, and may be left in any order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sloth_tui.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from sloth_tui.store.port import Store


class Transactions:
    """The transactions that a task has begun and not ended, outermost first."""

    def __init__(self, store: Callable[[], Store], wrote: Callable[[], None]) -> None:
        """``wrote`` is called after each commit."""
        self._store = store
        self._wrote = wrote
        self._open: list[AbstractContextManager[None]] = []

    def functions(self) -> dict[str, Callable[..., object]]:
        """Return the host functions that state.lua calls, by name."""
        return {"begin": self._begin, "commit": self._commit, "rollback": self._rollback}

    def __bool__(self) -> bool:
        """True inside a transaction."""
        return bool(self._open)

    def check_none(self) -> None:
        """Raises UsageError inside a transaction."""
        if self._open:
            raise UsageError("not inside state.transaction", hint="take the lock first, then begin")

    def end_task(self) -> bool:
        """Roll back what was left open, and return True if there was anything."""
        abandoned = bool(self._open)
        self._rollback(1)
        return abandoned

    def _begin(self) -> object:
        transaction = self._store().transaction()
        transaction.__enter__()
        self._open.append(transaction)
        return True, len(self._open)

    def _commit(self, depth: object) -> object:
        if depth != len(self._open):
            self._rollback(1)
            raise UsageError("transactions ended out of order; all of them are rolled back")
        self._open.pop().__exit__(None, None, None)
        self._wrote()
        return (True,)

    def _rollback(self, depth: Any) -> object:
        """Roll back this transaction and those inside it."""
        while len(self._open) >= depth:
            transaction = self._open.pop()
            reason = _RolledBack()
            try:
                transaction.__exit__(_RolledBack, reason, None)
            except _RolledBack:
                continue
        return (True,)


class _RolledBack(Exception):
    """Tells a transaction to roll back; never leaves this module."""
