"""Find out whether the store that the reader has open was changed or replaced."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sloth_tui.store import open_agents

if TYPE_CHECKING:
    from typing import Literal

    from sloth_tui.store.port import Store

_POLL_SECONDS = 0.1
"""Between two looks at the change token while the store is being changed."""
_IDLE_POLL_SECONDS = 0.3
_IDLE_AFTER_SECONDS = 10.0
"""Time without a change after which the thread looks less often: waking costs more than looking."""
_EXPIRY_SECONDS = 1.0
"""Between two reports of entries whose time to live is over and that nobody deletes."""
_ROUND_SECONDS = 0.25
"""Minimum time between two rounds of answers. The next look answers a first change; a store that changes all
the time is read four times a second."""


class Poller:
    """Looks at the change token of a store, and at its files if it has any. Only :meth:`pause` and
    :meth:`look_now` may be called from other threads than the reader's."""

    def __init__(self) -> None:
        self._agents = open_agents()
        self._pace = self._agents.pace
        self._agent = ""
        self._files: object = None
        self._state: object = None
        """The state of the files before they were opened."""
        self._token = 0
        self._retry_at = 0.0
        """When to open a store again that is on another machine and could not be read."""
        self._next_poll = self._next_round = 0.0
        self._moved_at = time.monotonic()
        """When a change was last found, or the store opened; ``time.monotonic``."""
        self._expiry_told_at = float("-inf")
        self._paused = self._once = False
        self._told = False
        """True once a change that waits was reported during this pause."""

    @property
    def seconds_left(self) -> float:
        """Time until the next look; 0 if it is due."""
        return max(self._next_poll - time.monotonic(), 0.0)

    def pause(self, paused: bool) -> None:
        """Report no change until this is called with False, but the first one as one that waits."""
        self._paused, self._told = paused, False

    def look_now(self) -> None:
        """Make a look due, and report a change if there is one, paused or not."""
        self._once, self._next_poll = True, 0.0

    def follow(self, agent: str) -> bool:
        """Follow the store of an agent, before it is opened; return False if there is none yet."""
        self._agent, self._moved_at = agent, time.monotonic()
        if self._pace is None:
            self._state = self._agents.state(agent)
            self._files = self._agents.identity(agent)
        return self._agents.known(agent)

    def begin(self, store: Store) -> None:
        """Report changes made to this store from now on."""
        self._token = store.change_token()

    @property
    def retries(self) -> bool:
        """True if a store that cannot be read now may be readable soon, without a trace of that here."""
        return self._pace is not None

    def wait(self) -> None:
        """Report nothing but another state of the files than before they were opened in vain, or that a store
        on another machine is to be opened again."""
        self._files = self._state
        if self._pace is not None:
            self._retry_at = time.monotonic() + self._pace.retry

    def poll(self, store: Store | None) -> Literal["anew", "change", "waits", "expired"] | None:
        """Look once. ``anew``: the store must be opened anew; ``change``: it was changed; ``waits``: it was,
        for the first time in this pause; ``expired``: entries are past their time to live. Raises the errors
        of the store."""
        now = time.monotonic()
        self._next_poll = now + self._pause_after(now)
        if self._must_reopen(now, opened=store is not None):
            return "anew"
        if store is None:
            return None
        token = store.change_token()
        left = store.next_expiry()
        if left is not None:
            self._next_poll = min(self._next_poll, now + max(left, _POLL_SECONDS))
        if token == self._token:
            self._once = False
            return "expired" if left == 0 and self._may_tell_expiry(now) else None
        if self._paused and not self._once:
            told, self._told = self._told, True
            return None if told else "waits"
        self._moved_at = now
        if self._next_poll < self._next_round:
            return None
        self._once = False
        self._token, self._next_round = token, self._next_poll + _ROUND_SECONDS
        return "change"

    def _may_tell_expiry(self, now: float) -> bool:
        if now - self._expiry_told_at < _EXPIRY_SECONDS:
            return False
        self._expiry_told_at = now
        return True

    def _pause_after(self, now: float) -> float:
        """Return the seconds until the next look."""
        idle = now - self._moved_at >= _IDLE_AFTER_SECONDS
        usual = _IDLE_POLL_SECONDS if idle else _POLL_SECONDS
        return usual if self._pace is None else max(usual, self._pace.token)

    def _must_reopen(self, now: float, *, opened: bool) -> bool:
        if self._pace is not None:
            return not opened and now >= self._retry_at
        look = self._agents.identity if opened else self._agents.state
        return look(self._agent) != self._files
