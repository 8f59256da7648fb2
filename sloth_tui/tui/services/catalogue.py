"""The thread that knows which agents there are and what they hold."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from sloth_tui import agents
from sloth_tui.errors import SlothError
from sloth_tui.store import open_store
from sloth_tui.tui.messages import AgentsListed, AgentSummary, ThreadDied

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.message import Message

    from sloth_tui.model import Agent

_PERIOD = 0.5
"""Seconds between two looks at the directory: a listing and two stats for each agent."""
_REST = 20.0
"""A store that took t seconds to count is not counted again within this many t."""


class _Count:
    """What was found in a store, and how long that may be believed."""

    __slots__ = ("changed_at", "files", "keys", "locks", "not_before", "problem", "until")

    def __init__(self, agent: Agent) -> None:
        self.files = (agent.exists, agent.size, agent.modified_at)
        self.keys: int | None = None
        self.locks: int | None = None
        self.problem: str | None = None
        self.changed_at: float | None = agent.modified_at
        self.until = float("inf")
        """When the first of its locks runs out, by ``time.monotonic``."""
        began = time.monotonic()
        try:
            with open_store(agent.name, "read") as store:
                self.keys = store.count()
                held = store.locks()
                newest = store.revision()
                for revision in store.changes(newest - 1, limit=1) if newest else ():
                    # The file's own time moves when somebody only reads it.
                    self.changed_at = revision.at
        except SlothError as error:
            self.problem = error.message.removeprefix(f"{agent.path}: ")
        else:
            self.locks = len(held)
            if held:
                self.until = time.monotonic() + min(lock.remaining for lock in held)
        self.not_before = time.monotonic() + _REST * (time.monotonic() - began)

    def holds(self, agent: Agent) -> bool:
        """Whether it still tells about ``agent``, or was too dear to be made anew already."""
        now = time.monotonic()
        if now < self.not_before:
            return True
        return self.files == (agent.exists, agent.size, agent.modified_at) and now < self.until


class Catalogue:
    """Lists the agents, looks again twice a second, and posts AgentsListed when something moved."""

    def __init__(self, post: Callable[[Message], object]) -> None:
        self._post = post
        self._counts: dict[str, _Count] = {}
        self._told: list[AgentSummary] = []
        self._stopped = threading.Event()
        self.paused = False
        """Whether what is told stays as it is."""
        self._thread = threading.Thread(target=self._run, name="catalogue", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float = 2.0) -> None:
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _run(self) -> None:
        try:
            self._tell(agents.discover())
            while not self._stopped.is_set():
                if not self.paused:
                    self._look()
                self._stopped.wait(_PERIOD)
        except Exception as error:  # noqa: BLE001  # a bug must end the app, not silence the screen
            self._post(ThreadDied(error))

    def _look(self) -> None:
        found = agents.discover()
        for agent in found:
            known = self._counts.get(agent.name)
            if agent.exists and (known is None or not known.holds(agent)):
                self._counts[agent.name] = _Count(agent)
            elif not agent.exists:
                self._counts.pop(agent.name, None)
            if self._stopped.is_set():
                return
        self._tell(found)

    def _tell(self, found: list[Agent]) -> None:
        summaries = [self._summary(agent) for agent in found]
        if summaries != self._told:
            self._told = summaries
            self._post(AgentsListed(summaries))

    def _summary(self, agent: Agent) -> AgentSummary:
        count = self._counts.get(agent.name)
        if count is None:
            return AgentSummary(agent.name, agent.exists, size=agent.size, changed_at=agent.modified_at)
        return AgentSummary(
            agent.name, agent.exists, agent.size, count.keys, count.locks, count.changed_at, count.problem
        )
