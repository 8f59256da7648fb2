"""The locks that a run holds. Each of them fences the writes of the task that took it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import LockLost

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.store.port import Store


class HeldLock(NamedTuple):
    holder: str
    token: int
    ephemeral: bool
    """True if with_lock took it."""


class RunLocks:
    """The locks of a run, so that each is released, or named at the end."""

    def __init__(self, send_note: Callable[..., None]) -> None:
        """``send_note``: called for locks of with_lock: "acquired", name, holder, and "released", name."""
        self._send_note = send_note
        self.held: dict[str, HeldLock] = {}
        """Those of the running task, by name."""
        self.unreleased: dict[str, HeldLock] = {}
        """Those that earlier tasks took without with_lock and did not unlock, by name."""

    def acquire(
        self, store: Store, name: str, holder: str, seconds: float, wait: float, *, ephemeral: bool
    ) -> int:
        """Take a lock for ``seconds`` and return its token. Wait up to ``wait`` seconds. Raises LockHeld."""
        token = store.acquire(name, holder, seconds, wait=wait, ephemeral=ephemeral).token
        self.unreleased.pop(name, None)
        self.held[name] = HeldLock(holder, token, ephemeral)
        store.fence(name, token)
        if ephemeral:
            self._send_note("acquired", name, holder)
        return token

    def release(self, store: Store, name: str, holder: str) -> None:
        """Release what this run acquired, or else whatever lock the holder has under this name.

        Raises LockLost; then this run no longer has the lock, and it fences nothing.
        """
        held = self.held.get(name) or self.unreleased.get(name)
        if held is None or held.holder != holder:
            store.release(name, holder)
            return
        self._forget(store, name)
        store.release(name, holder, token=held.token)

    def end(self, store: Store, name: str, holder: str, token: int) -> None:
        """Release the lock of with_lock. Raises LockLost if it was lost before."""
        held = self.held.get(name)
        if held is None or held.token != token:
            raise LockLost(f"lock '{name}' lost: it was unlocked before its time", name=name)
        self._forget(store, name)
        store.release(name, holder, token=token)

    def end_task(self, store: Store) -> None:
        """Release the locks of each with_lock that was not left, and stop fencing with the others."""
        for name, held in list(self.held.items()):
            self._forget(store, name)
            if not held.ephemeral:
                self.unreleased[name] = held
                continue
            try:
                store.release(name, held.holder, token=held.token)
            except LockLost:
                continue

    def remaining(self, store: Store) -> list[str]:
        """Return a warning for each lock that outlives the run."""
        return [
            describe_left_lock(name, lock.holder, lock.remaining)
            for name, held in sorted(self.unreleased.items())
            if (lock := store.lock(name)) is not None and lock.token == held.token
        ]

    def _forget(self, store: Store, name: str) -> None:
        held = self.held.pop(name, None)
        self.unreleased.pop(name, None)
        store.unfence(name)
        if held is not None and held.ephemeral:
            self._send_note("released", name)


def describe_left_lock(name: str, holder: str, remaining: float) -> str:
    """Return the warning about a lock that is still held for ``remaining`` seconds."""
    from sloth_tui.text import format_duration

    return f"lock '{name}' is still held by '{holder}' for {format_duration(remaining)}: nothing unlocked it"
