"""The thread that knows which agents there are and what they hold."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

from sloth_tui import agents
from sloth_tui.errors import SlothError
from sloth_tui.store import open_store
from sloth_tui.tui.messages import AgentsListed, AgentSummary, ThreadDied

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from textual.message import Message

    from sloth_tui.model import Agent

_PERIOD = 0.5
"""Seconds between two looks at the directory and some agents."""
_FEW = 40
"""Agents up to which each is looked at every time, and counted; of more, those in sight."""
_OTHERS = 10
"""Of more, so many others are looked at each time, in turn."""
_TICK = 0.1
"""Seconds that the clock of a file system may lag behind."""
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
        self._found: dict[str, Agent] = {}
        self._listed_at: object = None
        """How the directory was when it was read last."""
        self._turn = 0
        self._in_sight: frozenset[str] = frozenset()
        self._stopped = threading.Event()
        self.paused = False
        """Whether what is told stays as it is."""
        self._thread = threading.Thread(target=self._run, name="catalogue", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def watch(self, names: Iterable[str]) -> None:
        """These agents are in sight: they are looked at each time, however many there are."""
        self._in_sight = frozenset(names)

    def stop(self, seconds: float = 2.0) -> None:
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _run(self) -> None:
        try:
            self._try(self._begin)
            while not self._stopped.is_set():
                if not self.paused:
                    self._try(self._look)
                self._stopped.wait(_PERIOD)
        except Exception as error:  # noqa: BLE001  # a bug must end the app, not silence the screen
            self._post(ThreadDied(error))

    def _try(self, step: Callable[[], None]) -> None:
        """Where the directory cannot be read, the agent that always exists is the one to say so."""
        try:
            step()
        except SlothError as error:
            self._found, self._counts, self._listed_at = {}, {}, None
            self._post_anew([AgentSummary(agents.DEFAULT_AGENT, exists=True, size=0, problem=error.message)])

    def _begin(self) -> None:
        self._list()
        self._tell()

    def _look(self) -> None:
        """Costs as much as there is in sight, not as much as there is."""
        changed = self._list()
        for name in self._due():
            agent = agents.look_at(name)
            changed |= agent != self._found.get(name)
            self._found[name] = agent
            if len(self._found) <= _FEW or name in self._in_sight:
                changed |= self._count(agent)
            if self._stopped.is_set():
                return
        if changed:
            self._tell()

    def _list(self) -> bool:
        """Read the directory if it changed; whether there are others in it now."""
        try:
            status = os.stat(agents.state_directory())
        except OSError:
            state: object = None
        else:
            # One that changed just now may change again within the same tick of its clock.
            old = abs(time.time() - status.st_mtime) > _TICK
            state = (status.st_ino, status.st_mtime_ns) if old else object()
        if state == self._listed_at and self._found:
            return False
        self._listed_at = state
        names = agents.agent_names()
        if list(self._found) == names:
            return False
        self._found = {name: self._found.get(name) or agents.look_at(name) for name in names}
        self._counts = {name: count for name, count in self._counts.items() if name in self._found}
        return True

    def _due(self) -> list[str]:
        """The agents that are looked at this time."""
        names = list(self._found)
        if len(names) <= _FEW:
            return names
        if self._turn >= len(names):
            self._turn = 0
        others = names[self._turn : self._turn + _OTHERS]
        self._turn += _OTHERS
        return list(dict.fromkeys([*filter(self._found.__contains__, self._in_sight), *others]))

    def _count(self, agent: Agent) -> bool:
        """Whether something else is known of what the agent holds."""
        known = self._counts.get(agent.name)
        if agent.exists and (known is None or not known.holds(agent)):
            self._counts[agent.name] = _Count(agent)
            return True
        return not agent.exists and self._counts.pop(agent.name, None) is not None

    def _tell(self) -> None:
        self._post_anew([self._summary(agent) for agent in self._found.values()])

    def _post_anew(self, summaries: list[AgentSummary]) -> None:
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
