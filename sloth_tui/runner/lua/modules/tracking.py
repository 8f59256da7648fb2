"""The Python side of Lua's ``state.track``: what has changed, and when that is stored."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

from sloth_tui.errors import SlothError, UsageError
from sloth_tui.runner.lua.convert import text_from_lua

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.runner.lua.context import Context
    from sloth_tui.runner.tracking import Files
    from sloth_tui.store.port import Store


class Tracking:
    """The checksums that a task compares, and those that are stored once it has succeeded."""

    def __init__(self, context: Context, files: Files) -> None:
        self._context = context
        self._files = files
        self._store: Callable[[], Store]
        self._ends_early: Callable[[], bool]
        self.pending: dict[str, str] = {}
        """What is stored once the task has succeeded, by key."""

    def bind(self, store: Callable[[], Store], ends_early: Callable[[], bool]) -> None:
        """Use this store. ``ends_early`` returns True inside of what ends before the task does."""
        self._store, self._ends_early = store, ends_early

    def functions(self) -> dict[str, Callable[..., object]]:
        """Return the host functions that state.lua calls, by name."""
        return {"track": self._track}

    def store_later(self, key: str, value: str) -> None:
        """Store it when the task has succeeded."""
        self.pending[key] = value

    def end_task(self, *, succeeded: bool) -> bool:
        """Store what the task has left to be stored, in one transaction, or drop it. Return True if anything
        was stored. Raises what the store raises."""
        pending, self.pending = self.pending, {}
        if not pending or not succeeded:
            return False
        self._store().set_many(pending)
        return True

    def _track(self, key: object, later: object, kind: object, *arguments: object) -> object:
        """Return whether it has changed, the old checksum and the new one. ``later``: store the new one at
        the end of the task."""
        from sloth_tui.values.codec import check_key

        if later and self._ends_early():
            raise UsageError(
                "needs its function inside state.with_lock and state.transaction",
                hint="without one it stores the checksum at the end of the task, after them",
            )
        name = text_from_lua(key, "key")
        check_key(name)  # raises what storing it would raise
        digest = self._digest(cast("bytes", kind), [cast("bytes", each) for each in arguments])
        known = self._store().get(name)
        changed = known != digest
        if later and changed:
            self.store_later(name, digest)
        old = known.encode() if isinstance(known, str) else None
        return True, changed, old, digest.encode()

    def _digest(self, kind: bytes, arguments: list[bytes]) -> str:
        from sloth_tui.runner.tracking import UNKNOWN, digest_file, digest_files, digest_text

        if kind == b"text":
            return digest_text(arguments[0])
        paths = [os.fsdecode(each) for each in arguments]
        if any("\0" in path for path in paths):
            raise UsageError("a path must not contain NUL")
        try:
            if kind == b"file":
                return digest_file(self._files, self._context.find_source(paths[0]))
            return digest_files(self._files, paths, (self._context.directory, ""))
        except SlothError:
            if self._files.may_be_made():
                return UNKNOWN
            raise
