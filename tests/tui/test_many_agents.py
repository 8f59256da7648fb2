"""With very many agents the screen costs what is in sight, and no message lists them all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store.sqlite.agents import SqliteAgents
from sloth_tui.text import listed
from sloth_tui.tui.messages import AgentsListed
from sloth_tui.tui.services import agent_watcher as agent_watcher
from sloth_tui.tui.services.agent_watcher import AgentWatcher
from tests.cli.support import piped
from tests.support import wait_until
from tests.tui.driving import running, until
from tests.tui.state import elsewhere, fill

if TYPE_CHECKING:
    from pathlib import Path

    from textual.message import Message

    from sloth_tui.model import Agent

MANY = 3_000


@pytest.fixture
def many(base: Path) -> Path:
    """Make many databases that were never written."""
    state = base / "state"
    state.mkdir(parents=True)
    for number in range(MANY):
        os.close(os.open(state / f"agent-{number:05}.db", os.O_CREAT | os.O_WRONLY))
    os.utime(state, (1, 1))
    return base


@pytest.mark.slow
def test_a_look_costs_what_is_in_sight(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    listings: list[int] = []
    opened: list[str] = []
    look_at, all_names, count = SqliteAgents.look_at, SqliteAgents.names, agent_watcher._Count

    def counted(agent: Agent, retry_seconds: float) -> agent_watcher._Count:
        opened.append(agent.name)
        return count(agent, retry_seconds)

    def noted(self: SqliteAgents, name: str) -> Agent:
        looked.append(name)
        return look_at(self, name)

    def listing(self: SqliteAgents) -> list[str]:
        listings.append(1)
        return all_names(self)

    monkeypatch.setattr(SqliteAgents, "look_at", noted)
    monkeypatch.setattr(SqliteAgents, "names", listing)
    monkeypatch.setattr(agent_watcher, "_Count", counted)
    told: list[Message] = []
    looking = AgentWatcher(told.append)
    looking._list()
    looking._tell()
    assert isinstance(told[0], AgentsListed)
    assert len(told[0].agents) == MANY + 1
    in_sight = [f"agent-{number:05}" for number in range(2000, 2012)]
    looking.watch(in_sight)
    looking._look()
    assert sorted(opened) == in_sight
    for notes in (looked, listings, opened, told):
        notes.clear()
    for _ in range(10):
        looking._look()
    assert len(looked) <= 10 * (len(in_sight) + agent_watcher._BATCH_SIZE)
    assert (listings, opened, told) == ([], [], [])
    # Each has its turn, and one that is new or gone is seen at the next look.
    for _ in range(MANY // agent_watcher._BATCH_SIZE + 1):
        looking._look()
    assert set(all_names(SqliteAgents())) <= set(looked)
    (many / "state" / "agent-00003.db").unlink()
    (many / "state" / "new.db").touch()
    looking._look()
    assert isinstance(told[-1], AgentsListed)
    names = [agent.name for agent in told[-1].agents]
    assert "agent-00003" not in names
    assert "new" in names
    (many / "state" / in_sight[0]).with_suffix(".db").write_bytes(b"no database")

    def is_told_broken() -> bool:
        looking._look()
        assert isinstance(told[-1], AgentsListed)
        return any(agent.name == in_sight[0] and agent.problem for agent in told[-1].agents)

    wait_until(is_told_broken)  # counted when it may cost something again


@pytest.mark.slow
def test_no_hint_names_them_all(many: Path) -> None:
    result = piped("state", "list", "-a", "nobody")
    names = ", ".join(f"agent-{number:05}" for number in range(20))
    assert (result.code, result.out) == (3, "")
    assert result.err == (
        f"error: agent 'nobody' has no database\nhint: agents: {names} and {MANY - 19:,} more\n"
    )


def test_no_message_names_every_key_that_is_missing(believable: Path) -> None:
    result = piped("state", "get", *(f"k{number}" for number in range(2000)))
    assert (result.code, result.out) == (3, "")
    names = ", ".join(f"'k{number}'" for number in range(20))
    assert result.err == f"error: no such keys: {names} and 1,980 more\n"
    assert listed(["a", "b"]) == "a, b"
    assert listed(["a", "b", "c"], 2) == "a, b and 1 more"


@pytest.mark.slow
async def test_what_comes_in_sight_is_counted(base: Path) -> None:
    fill()
    for number in range(60):
        fill(f"z-{number:02}", {"a": number})
    async with running() as app:
        await app.press("1", "G")
        await app.sees("z-59", seconds=60)
        await until(lambda: "1 key ·" in app.glance(), seconds=60, every=0.05)
        elsewhere("open_store('z-59', 'write').__enter__().set_many({'b': 1, 'c': 2})")
        await app.sees("  3 keys", seconds=60)
