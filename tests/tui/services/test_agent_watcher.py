"""The list of agents, as it is posted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_store
from sloth_tui.tui.messages import AgentsListed
from sloth_tui.tui.services.agent_watcher import AgentWatcher
from tests.tui.services.inbox import Inbox
from tests.tui.state import elsewhere

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def watcher(base: Path, inbox: Inbox) -> Iterator[AgentWatcher]:
    with open_store("production", "write") as store:
        store.set_many({"a": 1, "b": 2})
        store.acquire("deploy", "ci", 3600)
    watcher = AgentWatcher(inbox)
    yield watcher
    watcher.stop()


def held(message: AgentsListed) -> dict[str, tuple[int | None, int | None]]:
    return {agent.name: (agent.keys, agent.locks) for agent in message.agents}


def test_agents_are_listed_with_what_they_hold_and_again_after_a_change(
    watcher: AgentWatcher, inbox: Inbox
) -> None:
    watcher.start()
    inbox.wait_for(AgentsListed, lambda message: held(message).get("production") == (2, 1))
    elsewhere("open_store('staging', 'write').__enter__().set('a', 1)")
    inbox.wait_for(AgentsListed, lambda message: held(message).get("staging") == (1, 0))


def test_nothing_is_posted_while_it_is_paused(watcher: AgentWatcher, inbox: Inbox) -> None:
    watcher.paused = True
    watcher.start()
    listed = inbox.wait_for(AgentsListed)
    assert held(listed) == {"local": (None, None), "production": (None, None)}
    elsewhere("open_store('production', 'write').__enter__().set('c', 3)")
    assert inbox.of(AgentsListed) == [listed]
    watcher.paused = False
    inbox.wait_for(AgentsListed, lambda message: held(message)["production"] == (3, 1))
