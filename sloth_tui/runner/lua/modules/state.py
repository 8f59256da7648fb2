"""The Python side of Lua's ``state``. The Lua side, state.lua, checks arguments and adds error positions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sloth_tui.errors import LockHeld
from sloth_tui.runner.lua.convert import host_function, text_from_lua, value_from_lua, value_to_lua
from sloth_tui.runner.lua.modules.history import HistoryModule
from sloth_tui.runner.lua.modules.transactions import Transactions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sloth_tui.model import Value
    from sloth_tui.runner.lua.context import ChangeSink
    from sloth_tui.runner.lua.modules.locks import RunLocks
    from sloth_tui.runner.lua.modules.tracking import Tracking
    from sloth_tui.store.port import Store

_BATCH_ENTRIES = 100
_BATCH_BYTES = 1024 * 1024
_LARGE_BYTES = 64 * 1024


class StateModule:
    """Answers Lua's calls from a store, which the first call opens."""

    def __init__(
        self,
        open_store: Callable[[], Store],
        changes: ChangeSink,
        has_room: Callable[[int], bool],
        locks: RunLocks,
        tracking: Tracking,
    ) -> None:
        """``has_room``: True if Lua has memory for that many more bytes. ``locks``: those of the run."""
        self._open_store = open_store
        self._changes = changes
        self._has_room = has_room
        self._store: Store | None = None
        self._transactions = Transactions(lambda: self.store, self._wrote)
        self._cursor: Iterator[tuple[str, Value | None]] = iter(())
        self._history = HistoryModule(lambda: self.store, self._to_lua)
        self.locks = locks
        self._tracking = tracking
        tracking.bind(lambda: self.store, lambda: bool(self._transactions) or self.locks.has_ephemeral)

    def functions(self) -> dict[str, Callable[..., object]]:
        """Return the host functions that state.lua calls, by name."""
        functions: dict[str, Callable[..., object]] = {
            "get": self._get,
            "set": self._set,
            "exists": self._exists,
            "delete": self._delete,
            "walk": self._walk,
            "walk_next": self._walk_next,
            "increment": self._increment,
            "set_if_absent": self._set_if_absent,
            "ttl": self._ttl,
            "set_ttl": self._set_ttl,
            "compare_and_set": self._compare_and_set,
            "acquire": self._acquire,
            "release": self._release,
            "end_lock": self._end_lock,
            "renew": self._renew,
            "is_locked": self._is_locked,
            **self._transactions.functions(),
            **self._history.functions(),
            **self._tracking.functions(),
        }
        return {name: host_function(function) for name, function in functions.items()}

    @property
    def store(self) -> Store:
        if self._store is None:
            self._store = self._open_store()
        return self._store

    @property
    def opened(self) -> Store | None:
        """The store if a call has opened it, else None."""
        return self._store

    def check_locks(self) -> None:
        """Raise LockLost unless every lock that the task has taken is still held."""
        if self._store is not None and self.locks.held:
            self._store.check_fences()

    def end_task(self, *, succeeded: bool) -> bool:
        """Roll back transactions and release locks of with_lock that the task left open.

        Before that, store the checksums that are to be stored if it ``succeeded``. Returns True if there was
        a transaction. Raises what the store raises if they cannot be stored.
        """
        if self._store is None and not self._tracking.pending:
            return False
        abandoned = self._transactions.end_task()
        self._cursor = iter(())
        self._history.end_task()
        try:
            if self._tracking.end_task(succeeded=succeeded and not abandoned):
                self._wrote()
        finally:
            self.locks.end_task(self.store)
        return abandoned

    def _wrote(self) -> None:
        if not self._transactions:
            self._changes.wrote()

    # Entries

    def _get(self, key: object) -> object:
        value = (self._store or self.store).get(text_from_lua(key, "key"))
        kind = type(value)
        if kind is str:
            data = cast("str", value).encode()
            if len(data) > _LARGE_BYTES:
                self._require_room(len(data))
            return True, data
        if value is None:
            return (True,)
        return True, *self._to_lua(value)

    def _set(
        self, key: object, value: object, is_json: object, ttl: Any = None, keep_ttl: object = None
    ) -> object:
        name, held = text_from_lua(key, "key"), value_from_lua(value, is_json)
        self.store.set(name, held, ttl=ttl, keep_ttl=bool(keep_ttl))
        self._wrote()
        return (True,)

    def _ttl(self, key: object) -> object:
        return True, self.store.ttl(text_from_lua(key, "key"))

    def _set_ttl(self, key: object, seconds: Any) -> object:
        found = self.store.set_ttl(text_from_lua(key, "key"), seconds)
        self._wrote()
        return True, found

    def _exists(self, key: object) -> object:
        return True, self.store.exists(text_from_lua(key, "key"))

    def _delete(self, key: object) -> object:
        found = self.store.delete(text_from_lua(key, "key"))
        self._wrote()
        return True, found

    def _walk(self, prefix: object, with_values: object) -> object:
        text = text_from_lua(prefix, "prefix")
        self._cursor = iter(self.store.items(text)) if with_values else _keys_only(self.store.keys(text))
        return (True,)

    def _walk_next(self) -> object:
        """Return a batch of entries, three fields each; none at the end."""
        batch: list[object] = [True]
        size = 0
        for key, value in self._cursor:
            data, is_json = (True, False) if value is None else self._to_lua(value)
            batch += (key.encode(), data, is_json)
            size += len(key) + (len(data) if isinstance(data, bytes) else 8)
            if len(batch) > 3 * _BATCH_ENTRIES or size > _BATCH_BYTES:
                break
        self._require_room(size)
        return tuple(batch)

    def _increment(self, key: object, by: Any) -> object:
        result = self.store.increment(text_from_lua(key, "key"), by)
        self._wrote()
        return True, result

    def _set_if_absent(self, key: object, value: object, is_json: object, ttl: Any = None) -> object:
        held = value_from_lua(value, is_json)
        done = self.store.set_if_absent(text_from_lua(key, "key"), held, ttl=ttl)
        self._wrote()
        return True, done

    def _compare_and_set(
        self, key: object, old: object, old_is_json: object, new: object, new_is_json: object, ttl: Any = None
    ) -> object:
        expected = None if old is None else value_from_lua(old, old_is_json)
        held = value_from_lua(new, new_is_json)
        done = self.store.compare_and_set(text_from_lua(key, "key"), expected, held, ttl=ttl)
        self._wrote()
        return True, done

    # Locks

    def _acquire(
        self, name: object, holder: object, seconds: Any, wait: Any, ephemeral: object, trying: object
    ) -> object:
        """``trying``: the task goes on, another way, if it does not get the lock."""
        self._transactions.check_none()
        self._changes.report_pending()
        try:
            token = self.locks.acquire(
                self.store,
                text_from_lua(name, "name"),
                text_from_lua(holder, "holder"),
                seconds,
                wait,
                ephemeral=bool(ephemeral),
                trying=bool(trying),
            )
        except LockHeld as error:
            return False, error.message.encode(), error.holder.encode()
        return True, token

    def _release(self, name: object, holder: object) -> object:
        self._transactions.check_none()
        self.locks.release(self.store, text_from_lua(name, "name"), text_from_lua(holder, "holder"))
        return True, True

    def _end_lock(self, name: object, holder: object, token: Any) -> object:
        self.locks.end(self.store, text_from_lua(name, "name"), text_from_lua(holder, "holder"), token)
        return (True,)

    def _renew(self, name: object, holder: object, seconds: Any) -> object:
        self._transactions.check_none()
        self.store.renew(text_from_lua(name, "name"), text_from_lua(holder, "holder"), seconds)
        return True, True

    def _is_locked(self, name: object) -> object:
        lock = self.store.lock(text_from_lua(name, "name"))
        return (True, True, lock.holder.encode()) if lock is not None else (True, False)

    def _to_lua(self, value: Value) -> tuple[object, bool]:
        crossing = value_to_lua(value)
        if isinstance(crossing[0], bytes) and len(crossing[0]) > _LARGE_BYTES:
            self._require_room(len(crossing[0]))
        return crossing

    def _require_room(self, size: int) -> None:
        if not self._has_room(size):
            raise MemoryError


def _keys_only(keys: Iterator[str]) -> Iterator[tuple[str, Value | None]]:
    return ((key, None) for key in keys)
