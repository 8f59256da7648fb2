"""Databases as a whole: created, copied, deleted with a backup."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import (
    AgentNotFound,
    Conflict,
    DatabaseUnusable,
    InvalidAgentName,
    NotWritable,
    Refused,
    SlothError,
)
from sloth_tui.store import open_agents, open_path, open_store, sqlite
from sloth_tui.store.sqlite.saving import swapping
from tests.store.sqlite.others import DOCUMENTED, run_other

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def web(base: Path) -> str:
    with open_store("web", "write") as store:
        store.set_many({f"key:{number}": number for number in range(100)})
        store.set("key:1", "other")
        store.acquire("deploy", "task-1", 600)
    return sqlite.database_path("web")


def keys(path: str) -> dict[str, object]:
    with open_path(path) as store:
        return dict(store.items())


def files(base: Path) -> list[str]:
    return sorted(str(path.relative_to(base)) for path in base.rglob("*") if path.is_file())


def test_a_new_database_is_empty_and_private(base: Path) -> None:
    path = open_agents().create("new")
    assert open_agents().names() == ["local", "new"]
    assert keys(path) == {}
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    with open_store("new", "write") as store:
        store.set("a", 1)
    with pytest.raises(Conflict, match="agent 'new' has a database already"):
        open_agents().create("new")
    assert keys(path) == {"a": 1}
    with pytest.raises(InvalidAgentName):
        open_agents().create("../x")


def test_a_copy_holds_everything_and_goes_its_own_way(base: Path, web: str) -> None:
    told: list[tuple[int, int]] = []
    path = open_agents().duplicate("web", "copy", lambda done, of: told.append((done, of)))
    assert told[-1][0] == told[-1][1] > 0
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert keys(path) == keys(web)
    with open_store("copy", "write") as store:
        assert [revision.new for revision in store.revisions("key:1")] == ["other", 1]
        assert [lock.name for lock in store.locks()] == ["deploy"]
        store.set("key:1", "mine")
    assert keys(web)["key:1"] == "other"
    assert files(base) == ["state/copy.db", "state/web.db"]


def test_what_is_there_is_not_replaced(base: Path, web: str) -> None:
    open_agents().create("copy")
    with pytest.raises(Conflict):
        open_agents().duplicate("web", "copy")
    with pytest.raises(AgentNotFound):
        open_agents().duplicate("nobody", "other")
    assert keys(sqlite.database_path("copy")) == {}


@pytest.mark.slow
def test_a_copy_is_of_one_moment_while_others_write(base: Path, web: str) -> None:
    with open_store("web", "write") as store:
        store.set("big", "x" * 20_000_000)

        def write(done: int, of: int) -> None:
            store.increment("count")

        path = open_agents().duplicate("web", "copy", write)
        assert store.get("count") not in (None, 1)
    assert "count" not in keys(path)


def test_a_copy_that_is_broken_off_leaves_nothing(base: Path, web: str) -> None:
    def stop(done: int, of: int) -> None:
        raise SlothError("cancelled")

    with pytest.raises(SlothError, match="cancelled"):
        open_agents().duplicate("web", "copy", stop)
    with pytest.raises(SlothError, match="cancelled"):
        open_agents().remove("web", stop)
    assert files(base) == ["state/web.db"]
    assert len(keys(web)) == 100


def test_deletion_leaves_a_backup(base: Path, web: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swapping, "_SEIZE_TIMEOUT_MS", 50)
    before = keys(web)
    with open_store("web", "read"):
        with pytest.raises(Conflict, match="another program has it open"):
            open_agents().remove("web")
        assert keys(web) == before
    assert [name for name in files(base) if name.startswith("backups")] == []
    backup = open_agents().remove("web")
    assert open_agents().names() == ["local"]
    assert os.path.dirname(backup) == str(base / "backups")
    assert stat.S_IMODE(os.stat(backup).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(backup)).st_mode) == 0o700
    assert keys(backup) == before
    assert files(base) == [os.path.relpath(backup + end, base) for end in ("", ".sha256")]
    os.rename(backup, web)
    with open_store("web", "write") as store:
        assert [revision.new for revision in store.revisions("key:1")] == ["other", 1]
        store.set("key:1", 2)


def test_two_backups_in_one_second_are_two(base: Path, web: str) -> None:
    assert len({open_agents().back_up("web") for _ in range(3)}) == 3


@pytest.mark.slow
def test_a_database_that_another_process_has_open_stays(
    base: Path, web: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swapping, "_SEIZE_TIMEOUT_MS", 50)
    program = (
        "import sys; from sloth_tui.store import open_store\n"
        "store = open_store('web', 'read'); store.count(); print(flush=True); sys.stdin.read()"
    )
    with (
        subprocess.Popen(
            [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process,
        ExitStack() as stack,
    ):
        stack.callback(process.kill)
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(Conflict, match="another program has it open"):
            open_agents().remove("web")
    assert len(keys(web)) == 100


def test_what_may_not_be_deleted(base: Path) -> None:
    with pytest.raises(Refused, match="local always exists"):
        open_agents().remove("local")
    with pytest.raises(AgentNotFound):
        open_agents().remove("nobody")
    damaged = base / "state" / "damaged.db"
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"no database at all" * 100)
    with pytest.raises(DatabaseUnusable):
        open_agents().remove("damaged")
    (base / "state" / "link.db").symlink_to(damaged)
    with pytest.raises(DatabaseUnusable):
        open_agents().remove("link")
    assert damaged.exists()


def test_without_room_for_a_backup_nothing_is_deleted(base: Path, web: str) -> None:
    """A limit of the size of files stands for a full disk; Python ignores the signal that comes with it."""
    program = """
import resource
from sloth_tui.errors import NotWritable
from sloth_tui.store import open_agents
resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
try:
    open_agents().remove("web")
except NotWritable as error:
    print(error.message)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "cannot be written" in done.stdout or "disk is full" in done.stdout
    assert len(keys(web)) == 100
    assert not [name for name in files(base) if name.startswith("backups")]


def test_no_backup_no_deletion(base: Path, web: str) -> None:
    (base / "backups").write_text("in the way")
    with pytest.raises(NotWritable):
        open_agents().remove("web")
    assert len(keys(web)) == 100


def test_databases_of_other_programs(base: Path) -> None:
    theirs = base / "state" / "theirs.db"
    theirs.parent.mkdir(parents=True)
    run_other(theirs, DOCUMENTED, "INSERT INTO state (key, value) VALUES ('a', '1')")
    copied = open_agents().duplicate("theirs", "copy")
    assert keys(copied) == {"a": "1"}
    assert keys(open_agents().remove("theirs")) == {"a": "1"}
