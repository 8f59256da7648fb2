"""The locks that a run holds. Each of them fences the writes of the task that took it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import LockLost

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.model import Lock
    from sloth_tui.store.port import Store


class HeldLock(NamedTuple):
    holder: str
    token: int
    ephemeral: bool
    """True if with_lock took it."""


class RunLocks:
    """The locks of a run, so that each is released, or named at the end."""

    def __init__(
        self, send_note: Callable[..., None], foresee: Callable[[str, str], None] | None = None
    ) -> None:
        """``send_note``: called for locks of with_lock: "acquired", name, holder, and "released", name.
        ``foresee``: for a store that is a copy; called with the name of a lock that a run would
        find held, and with what it would meet."""
        self._send_note = send_note
        self._foresee = foresee
        self._foreseen: set[str] = set()
        self.held: dict[str, HeldLock] = {}
        """Those of the running task, by name."""
        self.unreleased: dict[str, HeldLock] = {}
        """Those that earlier tasks took without with_lock and did not unlock, by name."""

    @property
    def has_ephemeral(self) -> bool:
        """True inside with_lock."""
        return any(lock.ephemeral for lock in self.held.values())

    def acquire(
        self,
        store: Store,
        name: str,
        holder: str,
        seconds: float,
        wait: float,
        *,
        ephemeral: bool,
        trying: bool = False,
    ) -> int:
        """Take a lock for ``seconds`` and return its token. Wait up to ``wait`` seconds. Raises LockHeld.

        On a copy nothing is waited for: a lock that another program holds is taken all the same, unless the
        caller is only ``trying``, without waiting.
        """
        if self._foresee is not None and not (trying and not wait):
            self._make_free(store, name, wait)
            wait = 0.0
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

    def _make_free(self, store: Store, name: str, wait: float) -> None:
        """Take the lock from another program, on a copy, and report once that a run would find it held."""
        lock = store.lock(name)
        if lock is None or name in self.held or name in self.unreleased:
            return
        assert self._foresee is not None
        if name not in self._foreseen:
            self._foreseen.add(name)
            self._foresee(name, _describe_obstacle(name, lock, wait))
        store.break_lock(name)

    def remaining(self, store: Store) -> list[str]:
        """Return a warning for each lock that outlives the run."""
        return [
            describe_left_lock(name, lock.holder, lock.remaining, foreseen=self._foresee is not None)
            for name, held in sorted(self.unreleased.items())
            if (lock := store.lock(name)) is not None and lock.token == held.token
        ]

    def _forget(self, store: Store, name: str) -> None:
        held = self.held.pop(name, None)
        self.unreleased.pop(name, None)
        store.unfence(name)
        if held is not None and held.ephemeral:
            self._send_note("released", name)


def describe_left_lock(name: str, holder: str, remaining: float, *, foreseen: bool = False) -> str:
    """Return the warning about a lock that is, or would be, still held for ``remaining`` seconds."""
    from sloth_tui.text import format_duration

    is_still = "would still be" if foreseen else "is still"
    return (
        f"lock '{name}' {is_still} held by '{holder}' for {format_duration(remaining)}: nothing unlocked it"
    )


def _describe_obstacle(name: str, lock: Lock, wait: float) -> str:
    if wait:
        return f"would wait for lock '{name}', held by '{lock.holder}'"
    from sloth_tui.text import format_duration

    left = format_duration(lock.remaining)
    return f"would not get lock '{name}', held by '{lock.holder}' for another {left}"
