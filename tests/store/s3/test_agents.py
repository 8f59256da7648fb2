from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import AgentNotFound, Conflict, InvalidAgentName, NotWritable, Refused
from sloth_tui.store import open_path
from sloth_tui.store.s3.opening import open_agents, open_store
from tests.servers.imitations import between
from tests.servers.s3 import path_in

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.s3 import Bucket


def test_agents_are_the_databases_in_the_bucket(address: str, server: Bucket) -> None:
    agents = open_agents(address)
    assert agents.names() == ["local"]
    assert [(agent.name, agent.exists) for agent in agents.discover()] == [("local", False)]
    with open_store(address, "web.1", "write") as store:
        store.set("key", "value")
    server.put(path_in(address, "-not-a-name.db"), b"")
    server.put(path_in(address, "web.1.db.bak"), b"")
    assert agents.create("db") == address.partition("?")[0] + "/db.db"
    assert agents.names() == ["db", "local", "web.1"]
    found = {agent.name: agent for agent in agents.discover()}
    assert [found[name].exists for name in agents.names()] == [True, False, True]
    assert found["web.1"] == agents.look_at("web.1")
    assert (found["web.1"].size or 0) > 4096
    assert found["web.1"].location == address.partition("?")[0] + "/web.1.db"
    assert (agents.known("db"), agents.known("nothing")) == (True, False)
    with pytest.raises(Conflict, match=r"^agent 'db' has a database already$"):
        agents.create("db")
    with pytest.raises(InvalidAgentName):
        agents.known("../db")


def test_a_copy_has_history_and_locks(address: str) -> None:
    agents, done = open_agents(address), []
    with open_store(address, "web", "write") as store:
        store.set("key", 1)
        store.set("key", 2)
        token = store.acquire("deploy", "task-1", 300).token
        agents.duplicate("web", "web-2", lambda *progress: done.append(progress))
        with open_store(address, "web-2", "write") as copy:
            assert [found.new for found in copy.revisions("key")] == [2, 1]
            assert [(lock.holder, lock.token) for lock in copy.locks()] == [("task-1", token)]
            copy.release("deploy", "task-1")
            copy.set("key", 3)
        assert (store.get("key"), len(store.locks())) == (2, 1)
    assert done[-1][0] == done[-1][1]
    with pytest.raises(Conflict):
        agents.duplicate("web", "web-2")
    with pytest.raises(AgentNotFound):
        agents.duplicate("nothing", "web-3")


def test_a_copy_takes_no_lock_from_whoever_holds_it_there(address: str) -> None:
    agents = open_agents(address)
    with open_store(address, "web", "write") as store, open_store(address, "web-2", "write") as copy:
        store.set("key", 1)
        store.acquire("deploy", "task-1", 300)
        store.acquire("other", "task-1", 300)
        copy.acquire("deploy", "somebody", 300)
        agents.duplicate("web", "web-2")
        assert [(lock.name, lock.holder) for lock in copy.locks()] == [
            ("deploy", "somebody"),
            ("other", "task-1"),
        ]
        assert copy.get("key") == 1


def test_a_copy_that_fails_leaves_no_lock_and_no_agent(server: Bucket) -> None:
    with between(server.endpoint) as (url, decides):
        address = server.fresh(url)
        agents = open_agents(address)
        with open_store(address, "web", "write") as store:
            store.set("key", 1)
            store.acquire("deploy", "task-1", 300)
        decides.answers = lambda method, path: 507 if method == "PUT" and path.endswith("/web-2.db") else 0
        with pytest.raises(NotWritable):
            agents.duplicate("web", "web-2")
        decides.answers = lambda method, path: 0
        assert agents.names() == ["local", "web"]
        with open_store(address, "web-2", "write") as copy:
            assert copy.locks() == []
            copy.set("key", 2)
            assert copy.acquire("deploy", "task-2", 5).token == 2


def test_the_database_of_another_program_is_copied(address: str, server: Bucket, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "theirs.db") as theirs:
        theirs.execute(
            "CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL, "
            "created_at DATETIME, updated_at DATETIME)"
        )
        theirs.execute("INSERT INTO state VALUES ('key', 'theirs', '2026-01-01', '2026-01-01')")
    theirs.close()
    server.put(path_in(address, "web.db"), (tmp_path / "theirs.db").read_bytes())
    open_agents(address).duplicate("web", "web-2")
    with open_store(address, "web-2", "read") as copy:
        assert copy.get("key") == "theirs"


def test_a_backup_is_a_database_on_this_machine(address: str) -> None:
    agents = open_agents(address)
    with open_store(address, "web", "write") as store:
        store.set("key", "value")
    path = agents.back_up("web")
    assert os.path.dirname(path) == agents.backups
    with open_path(path) as backup:
        assert dict(backup.items()) == {"key": "value"}
    with pytest.raises(AgentNotFound, match=r"^agent 'db' has no database$") as missing:
        agents.back_up("db")
    assert missing.value.hint == "agents: local, web"


def test_a_removed_agent_is_kept_as_a_backup_and_its_tokens_go_on(address: str) -> None:
    agents = open_agents(address)
    store = open_store(address, "web", "write")
    store.set("key", "value")
    store.acquire("deploy", "task-1", 300)
    store.release("deploy", "task-1")
    with open_path(agents.remove("web")) as backup:
        assert dict(backup.items()) == {"key": "value"}
    assert agents.names() == ["local"]
    assert store.get("key") is None
    assert store.acquire("deploy", "task-1", 300).token == 2
    assert store.set("other", 1) == 1
    assert dict(open_store(address, "web", "read").items()) == {"other": 1}
    store.close()
    with pytest.raises(Refused, match=r"^local always exists$"):
        agents.remove("local")
    with pytest.raises(AgentNotFound):
        agents.remove("nothing")


def test_a_database_of_another_program_can_be_put_there(address: str, server: Bucket, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "theirs.db") as theirs:
        theirs.execute(
            "CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL, "
            "created_at DATETIME, updated_at DATETIME)"
        )
        theirs.execute(
            "INSERT INTO state VALUES ('key', 'theirs', '2026-01-01 00:00:00', '2026-01-01 00:00:00')"
        )
    theirs.close()
    before = (tmp_path / "theirs.db").read_bytes()
    server.put(path_in(address, "local.db"), before)
    with open_store(address, "local", "write") as store:
        assert store.get("key") == "theirs"
        assert server.get(path_in(address, "local.db")) == before
        store.set("key", "ours")
    (tmp_path / "ours.db").write_bytes(server.get(path_in(address, "local.db")))
    with sqlite3.connect(tmp_path / "ours.db") as ours:
        assert ours.execute("SELECT value FROM state").fetchall() == [("ours",)]
        assert ours.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    ours.close()
