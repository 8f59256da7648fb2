"""Backups of a store on etcd, what comes back of them, and what the doctor sees of the server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_store
from sloth_tui.store.backups import list_backups, restore
from tests.cli.support import piped

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def chosen(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLOTH_RUNNER_STORE", address)


def read(agent: str = "local") -> dict[str, object]:
    with open_store(agent) as store:
        return dict(store.items())


def test_a_backup_a_clear_and_a_restore(base: Path) -> None:
    piped("state", "set", "a", "1")
    piped("state", "set", "b", "2", "--type", "integer")
    path = piped("state", "backup").out.removesuffix("\n")
    piped("state", "set", "a", "changed")
    piped("state", "set", "c", "3")
    with open_store("local") as follower:
        since = follower.revision()
        done = restore("local", path)
        assert (done.entries, done.changed, done.removed, done.history) == (2, 1, 1, False)
        assert {revision.key for revision in follower.follow(since)} == {"a", "c"}
    assert read() == {"a": "1", "b": 2}
    assert restore("web", path).history
    assert read("web") == {"a": "1", "b": 2}
    piped("state", "clear", "--yes")
    assert [backup.reason for backup in list_backups("local")] == ["clear", "restore", None]
    assert piped("state", "restore", list_backups("local")[0].path, "--yes", "--store", "files").code == 0
    assert json.loads(piped("state", "list", "-o", "json", "--store", "files").out) == {"a": "1", "b": 2}


def test_the_doctor_asks_the_server_and_repairs_nothing() -> None:
    piped("state", "set", "a", "1")
    found = json.loads(piped("state", "doctor", "-o", "json").out)
    assert found["backend"] == "etcd"
    assert {check["name"]: check["status"] for check in found["checks"]} == dict.fromkeys(
        ("server", "leader", "alarms", "size", "clock", "commits", "orphans"), "ok"
    )
    assert piped("state", "doctor", "--agent", "nobody").code == 3
    assert piped("state", "doctor", "--repair").out.startswith("ok ")
