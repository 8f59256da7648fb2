"""The thread that lists the agents and counts what they hold."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from sloth_tui.agents import DEFAULT_AGENT
from sloth_tui.errors import SlothError
from sloth_tui.store import open_agents, open_store
from sloth_tui.threads import Thread
from sloth_tui.tui.messages import AgentsListed, AgentSummary, ThreadDied

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from textual.message import Message

    from sloth_tui.model import Agent

_POLL_SECONDS = 0.5
"""Between two looks at the directory and some agents."""
_ALL_LIMIT = 40
"""Up to this many agents, all are looked at and counted every time; of more, those on screen."""
_BATCH_SIZE = 10
"""The number of others that are looked at each time, in turn."""
_COUNT_COST_FACTOR = 20.0
"""A store that took t seconds to count is not counted again for this many t."""


class _Count:
    """The contents of a store as counted, and how long that is valid."""

    __slots__ = ("agent", "changed_at", "keys", "locks", "not_before", "problem", "until")

    def __init__(self, agent: Agent, retry_seconds: float) -> None:
        """``retry_seconds``: how long a count stays valid that failed."""
        self.agent = agent
        self.keys = agent.keys
        self.locks = agent.locks
        self.problem: str | None = None
        self.changed_at: float | None = agent.modified_at
        self.until = float("inf")
        """When the first of its locks expires, by ``time.monotonic``."""
        began = time.monotonic()
        if self.keys is None or self.locks is None:
            self._count(agent, retry_seconds)
        self.not_before = time.monotonic() + _COUNT_COST_FACTOR * (time.monotonic() - began)

    def _count(self, agent: Agent, retry_seconds: float) -> None:
        try:
            with open_store(agent.name, "read") as store:
                self.keys = store.count()
                held = store.locks()
                newest = store.revision()
                for revision in store.revisions_since(newest - 1, limit=1) if newest else ():
                    # The file's own time moves even when it is only read.
                    self.changed_at = revision.at
        except SlothError as error:
            self.problem = error.message.removeprefix(f"{agent.location}: ")
            self.until = time.monotonic() + retry_seconds
        else:
            self.locks = len(held)
            if held:
                self.until = time.monotonic() + min(lock.remaining for lock in held)

    def holds(self, agent: Agent) -> bool:
        """True if it still describes ``agent``, or took too long to be counted again so soon."""
        now = time.monotonic()
        if now < self.not_before:
            return True
        return self.agent == agent and now < self.until


class AgentWatcher:
    """Lists the agents, looks again twice a second, and posts AgentsListed after a change."""

    def __init__(self, post: Callable[[Message], object]) -> None:
        self._post = post
        self._agents = open_agents()
        self._pace = self._agents.pace
        self._lost = False
        """True while the agents could not be listed."""
        self._counts: dict[str, _Count] = {}
        self._told: list[AgentSummary] = []
        self._found: dict[str, Agent] = {}
        self._listed_at: object = None
        """The state of the directory when it was last read."""
        self._turn = 0
        self._in_sight: frozenset[str] = frozenset()
        self._stopped = threading.Event()
        self.paused = False
        """True while changes are not to be reported."""
        self._thread = Thread(self._run, "agents")

    def start(self) -> None:
        self._thread.start()

    def watch(self, names: Iterable[str]) -> None:
        """Name the agents on screen: they are looked at every time, however many agents there are."""
        self._in_sight = frozenset(names)

    def recount(self, name: str) -> None:
        """Look into an agent's store again: it could not be read before."""
        self._counts.pop(name, None)

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
                self._stopped.wait(self._poll_seconds)
        except Exception as error:  # noqa: BLE001  # a bug must end the app, not silence the screen
            self._post(ThreadDied(error))

    @property
    def _poll_seconds(self) -> float:
        if self._pace is None:
            return _POLL_SECONDS
        return max(_POLL_SECONDS, self._pace.retry if self._lost else self._pace.listing)

    def _try(self, step: Callable[[], None]) -> None:
        """If the agents cannot be listed, let those report it that are known: of files, whose directory may
        be another by now, the agent that always exists."""
        try:
            step()
        except SlothError as error:
            self._counts, self._listed_at, self._lost = {}, None, True
            if self._pace is None or not self._found:
                self._found = {}
                self._post_anew([AgentSummary(DEFAULT_AGENT, exists=True, size=0, problem=error.message)])
            else:
                known = [self._summary(agent) for agent in self._found.values()]
                self._post_anew([summary._replace(problem=error.message) for summary in known])
        else:
            self._lost = False

    def _begin(self) -> None:
        self._list()
        self._tell()

    def _look(self) -> None:
        """Look at the agents once. The cost grows with those on screen, not with all."""
        changed = self._list() or self._lost
        for name in self._due():
            agent = self._agents.look_at(name) if self._pace is None else self._found[name]
            changed |= agent != self._found.get(name)
            self._found[name] = agent
            if len(self._found) <= _ALL_LIMIT or name in self._in_sight:
                changed |= self._count(agent)
            if self._stopped.is_set():
                return
        if changed:
            self._tell()

    def _list(self) -> bool:
        """Read the directory if it changed, or ask the store; return True if there are other agents now."""
        if self._pace is not None:
            return self._take({agent.name: agent for agent in self._agents.discover()})
        state = self._agents.listing()
        if state == self._listed_at and self._found:
            return False
        self._listed_at = state
        names = self._agents.names()
        if list(self._found) == names:
            return False
        return self._take({name: self._found.get(name) or self._agents.look_at(name) for name in names})

    def _take(self, found: dict[str, Agent]) -> bool:
        """Note that these are all agents; return True if that is new."""
        if found == self._found:
            return False
        self._found = found
        self._counts = {name: count for name, count in self._counts.items() if name in self._found}
        return True

    def _due(self) -> list[str]:
        """Return the agents to look at this time."""
        names = list(self._found)
        if len(names) <= _ALL_LIMIT:
            return names
        if self._turn >= len(names):
            self._turn = 0
        others = names[self._turn : self._turn + _BATCH_SIZE]
        self._turn += _BATCH_SIZE
        return list(dict.fromkeys([*filter(self._found.__contains__, self._in_sight), *others]))

    def _count(self, agent: Agent) -> bool:
        """Count the agent's contents if needed; return True if the count changed."""
        known = self._counts.get(agent.name)
        if agent.exists and (known is None or not known.holds(agent)):
            self._counts[agent.name] = _Count(agent, float("inf") if self._pace is None else self._pace.retry)
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
