"""The locks a run holds: each fences the writes of the task that took it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import LockLost

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.store.port import Store


class Held(NamedTuple):
    holder: str
    token: int
    tied: bool
    """Taken by with_lock."""


class LockBook:
    """Keeps account of locks, so that each is given back, or named at the end."""

    def __init__(self, tell: Callable[..., None]) -> None:
        """``tell("tied", name, holder)`` and ``tell("untied", name)`` hear of locks of with_lock."""
        self._tell = tell
        self.held: dict[str, Held] = {}
        """Of the task that runs."""
        self.left: dict[str, Held] = {}
        """Plain locks that earlier tasks did not unlock."""

    def acquire(
        self, store: Store, name: str, holder: str, seconds: float, wait: float, *, tied: bool
    ) -> int:
        """The token. Raises LockHeld."""
        token = store.acquire(name, holder, seconds, wait=wait, tied=tied).token
        self.left.pop(name, None)
        self.held[name] = Held(holder, token, tied)
        store.fence(name, token)
        if tied:
            self._tell("tied", name, holder)
        return token

    def release(self, store: Store, name: str, holder: str) -> None:
        """Give back this run's own acquisition if it is one, whatever this holder has if not.

        Raises LockLost; then it is no longer this run's either, and fences nothing.
        """
        held = self.held.get(name) or self.left.get(name)
        if held is None or held.holder != holder:
            store.release(name, holder)
            return
        self._forget(store, name)
        store.release(name, holder, token=held.token)

    def end(self, store: Store, name: str, holder: str, token: int) -> None:
        """The end of with_lock. Raises LockLost if the lock did not last that long."""
        held = self.held.get(name)
        if held is None or held.token != token:
            raise LockLost(f"lock '{name}' lost: it was unlocked before its time", name=name)
        self._forget(store, name)
        store.release(name, holder, token=token)

    def end_task(self, store: Store) -> None:
        """Give back what with_lock took and did not return from, stop fencing with the rest."""
        for name, held in list(self.held.items()):
            self._forget(store, name)
            if not held.tied:
                self.left[name] = held
                continue
            try:
                store.release(name, held.holder, token=held.token)
            except LockLost:
                continue

    def remaining(self, store: Store) -> list[str]:
        """What to say of each lock that outlives the run."""
        return [
            left_behind(name, lock.holder, lock.remaining)
            for name, held in sorted(self.left.items())
            if (lock := store.lock(name)) is not None and lock.token == held.token
        ]

    def _forget(self, store: Store, name: str) -> None:
        held = self.held.pop(name, None)
        self.left.pop(name, None)
        store.unfence(name)
        if held is not None and held.tied:
            self._tell("untied", name)


def left_behind(name: str, holder: str, remaining: float) -> str:
    from sloth_tui.text import format_duration

    return f"lock '{name}' is still held by '{holder}' for {format_duration(remaining)}: nothing unlocked it"
