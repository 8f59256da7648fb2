from __future__ import annotations

import os
import string
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sloth_tui import agents
from sloth_tui.errors import InvalidAgentName, UsageError
from sloth_tui.store import open_agents, sqlite
from tests.strategies import CHARACTERS

if TYPE_CHECKING:
    from pathlib import Path

ALLOWED = string.ascii_letters + string.digits + "._-"


@given(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True, alphabet=CHARACTERS))
def test_every_documented_name_is_accepted(name: str) -> None:
    assert agents.check_name(name) == name


@pytest.mark.parametrize(
    "name", ["", ".", "..", "-a", "_a", "a/b", "../x", "a b", "ä", "a\n", "a\x00", "A" * 65, "a\u202e"]
)
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(InvalidAgentName) as error:
        sqlite.database_path(name)
    assert error.value.exit_code == 2


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(name=st.text(CHARACTERS))
def test_no_name_leads_out_of_the_state_directory(name: str) -> None:
    try:
        path = sqlite.database_path(name)
    except InvalidAgentName:
        assert not name or name[0] in "._-" or len(name) > 64 or set(name) - set(ALLOWED)
        return
    assert os.path.dirname(os.path.normpath(path)) == sqlite.state_directory()


def test_the_base_is_in_home_unless_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLOTH_RUNNER_HOME", "/somewhere")
    assert sqlite.database_path("a") == "/somewhere/state/a.db"
    monkeypatch.delenv("SLOTH_RUNNER_HOME")
    monkeypatch.setenv("HOME", "/home/ana")
    assert sqlite.database_path("a") == "/home/ana/.sloth-runner/state/a.db"


@pytest.mark.parametrize("home", ["", "relative"])
def test_a_home_that_is_no_directory_is_refused(monkeypatch: pytest.MonkeyPatch, home: str) -> None:
    monkeypatch.delenv("SLOTH_RUNNER_HOME")
    monkeypatch.setenv("HOME", home)
    with pytest.raises(UsageError, match="no home directory"):
        sqlite.state_directory()


def test_a_relative_base_needs_a_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLOTH_RUNNER_HOME", "base")
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    assert sqlite.state_directory() == str(tmp_path / "gone" / "base" / "state")
    (tmp_path / "gone").rmdir()
    with pytest.raises(UsageError, match="SLOTH_RUNNER_HOME: 'base' is relative to a working directory"):
        sqlite.state_directory()


def test_local_is_always_there_and_looking_creates_nothing(base: Path) -> None:
    found = open_agents().discover()
    assert [(agent.name, agent.exists, agent.size, agent.modified_at) for agent in found] == [
        ("local", False, 0, None)
    ]
    assert not base.exists()


def test_agents_are_found_by_their_databases(base: Path) -> None:
    state = base / "state"
    state.mkdir(parents=True)
    for file_name, size in (
        ("web.db", 10),
        ("web.db-wal", 5),
        ("app.db", 1),
        ("-odd.db", 1),
        ("notes.txt", 1),
    ):
        (state / file_name).write_bytes(b"x" * size)
    assert sqlite.agent_names() == ["app", "local", "web"]
    web = open_agents().discover()[2]
    assert (web.name, web.exists, web.size) == ("web", True, 15)
    assert web.modified_at is not None
    assert "agents: app, local, web" in str(sqlite.no_such_agent("nope").hint)
