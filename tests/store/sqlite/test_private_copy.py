"""A private copy of a database: all that a store does works on it, and the original is only read."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import DatabaseUnusable, LockHeld, LockLost, NotANumber
from sloth_tui.origin import Origin
from sloth_tui.store import open_copy, open_path
from sloth_tui.store.sqlite.engine.database import Database
from sloth_tui.store.sqlite.engine.private_copy import open_private_copy
from sloth_tui.store.sqlite.store import SqliteStore
from tests.ciphers import HAS_CIPHERS
from tests.store.sqlite.others import DOCUMENTED, run_other

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.store.port import Store

VERSIONS = {version: Path(__file__).with_name(f"version_{version}.sql").read_text() for version in (1, 2)}
ORIGIN = Origin("ann", "tests", 1, "lua", "run it", "r1", "t1")


def copy_of(path: Path) -> Store:
    return SqliteStore("agent", Database(str(path), private=True, origin=ORIGIN))


def checksums(directory: Path) -> dict[str, str]:
    """The files of a directory, read by another program: opening a database that this one has open would
    drop its locks."""
    program = (
        "import hashlib, os, sys\n"
        "for name in sorted(os.listdir(sys.argv[1])):\n"
        "    with open(os.path.join(sys.argv[1], name), 'rb') as file:\n"
        "        print(name, hashlib.sha256(file.read()).hexdigest())\n"
    )
    told = subprocess.run(
        [sys.executable, "-S", "-c", program, str(directory)], capture_output=True, text=True, timeout=60
    )
    assert told.returncode == 0, told.stderr
    words = told.stdout.split()
    return dict(zip(words[::2], words[1::2], strict=True))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database is or will be, in a directory of its own."""
    (tmp_path / "databases").mkdir()
    return tmp_path / "databases" / "agent.db"


@pytest.fixture
def filled(path: Path) -> Path:
    with open_path(str(path), "write", origin=ORIGIN) as store:
        store.set_many({"count": 41, "mode": "blue", "table": {"a": [1, 2]}})
        store.set("mode", "green")
        store.acquire("deploy", "other", 300.0)
    return path


@pytest.fixture
def private(filled: Path) -> Iterator[Store]:
    with copy_of(filled) as store:
        yield store


def test_a_copy_has_entries_history_and_locks(private: Store) -> None:
    assert dict(private.items()) == {"count": 41, "mode": "green", "table": {"a": [1, 2]}}
    assert [change.new for change in private.revisions("mode")] == ["green", "blue"]
    assert [lock.holder for lock in private.locks()] == ["other"]


def test_writes_to_a_copy_are_those_of_a_store(private: Store) -> None:
    before = private.revision()
    assert private.increment("count") == 42
    assert not private.compare_and_set("mode", "blue", "red")
    assert private.compare_and_set("mode", "green", "red")
    with suppress(NotANumber), private.transaction():
        private.set("count", 0)
        private.increment("mode")
    changes = [(change.key, change.old, change.new) for change in private.revisions_since(before)]
    assert changes == [("count", 41, 42), ("mode", "green", "red")]
    assert {change.origin.run for change in private.revisions_since(before) if change.origin} == {"r1"}


def test_locks_of_a_copy_are_those_of_a_store(private: Store) -> None:
    with pytest.raises(LockHeld, match="held by 'other'"):
        private.acquire("deploy", "me", 10.0)
    token = private.acquire("free", "me", 10.0, ephemeral=True).token
    private.fence("free", token)
    private.set("mode", "fenced")
    private.release("free", "me", token=token)
    with pytest.raises(LockLost):
        private.set("mode", "late")
    assert private.get("mode") == "fenced"


def test_a_copy_can_be_undone(private: Store) -> None:
    private.set("mode", "red")
    private.undo(private.change_set("r1"))
    assert private.get("mode") is None


def test_the_original_is_as_it_was(filled: Path) -> None:
    before = checksums(filled.parent)
    with copy_of(filled) as private:
        private.set("mode", "red")
        private.delete("count")
        private.break_lock("deploy")
        private.compact()
    assert checksums(filled.parent) == before


def test_the_log_of_a_program_that_died_stays_as_it_was(filled: Path) -> None:
    program = (
        "import os, sys\n"
        "from sloth_tui.store import open_path\n"
        "open_path(sys.argv[1], 'write').set('late', 1)\n"
        "os._exit(0)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(filled)], check=True, timeout=60)
    before = checksums(filled.parent)
    assert f"{filled.name}-wal" in before
    with copy_of(filled) as private:
        assert private.get("late") == 1
        private.set("late", 2)
    after = checksums(filled.parent)
    for name in (filled.name, f"{filled.name}-wal"):
        assert after[name] == before[name]


def test_a_copy_does_not_follow_the_original(filled: Path, private: Store) -> None:
    with open_path(str(filled), "write") as original:
        original.set("mode", "changed since")
        assert private.get("mode") == "green"
        private.set("mode", "red")
        assert original.get("mode") == "changed since"
    os.rename(filled, filled.with_name("moved.db"))
    private.set("more", 1)
    assert private.get("mode") == "red"
    assert not filled.exists()


def test_a_copy_of_nothing_is_empty_and_creates_nothing(path: Path) -> None:
    with copy_of(path) as private:
        assert list(private.keys()) == []
        assert private.increment("count") == 1
        assert private.acquire("deploy", "me", 10.0).holder == "me"
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize(
    "made", [DOCUMENTED, VERSIONS[1], VERSIONS[2], ""], ids=["others", "1", "2", "empty"]
)
def test_other_schemas_are_completed_in_the_copy_only(path: Path, made: str) -> None:
    run_other(path, "PRAGMA page_size = 1024", made or "VACUUM", "PRAGMA user_version")
    before = checksums(path.parent)
    with copy_of(path) as private:
        private.set("mode", "red")
        assert private.get("mode") == "red"
        assert [change.new for change in private.revisions("mode")] == ["red"]
    assert checksums(path.parent) == before


def test_what_cannot_be_read_cannot_be_copied(path: Path) -> None:
    path.write_bytes(b"no database, but a letter to a friend" * 100)
    with pytest.raises(DatabaseUnusable, match=str(path.name)):
        copy_of(path)


@pytest.mark.slow
def test_a_large_copy_is_a_file_without_a_name(
    filled: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path_factory.mktemp("large")
    monkeypatch.setenv("SQLITE_TMPDIR", str(directory))
    with open_path(str(filled), "write") as store:
        store.set_many({f"key:{number}": "x" * 4000 for number in range(2000)})
    small = open_private_copy(str(filled))
    assert opened_below(directory) == 0
    small.close()
    large = open_private_copy(str(filled), largest_in_memory=1_000_000)
    try:
        assert large.execute("SELECT count(*) FROM state").get == 2003
        # The build with ciphers keeps what is temporary in memory: it would lie on the disk as it is.
        assert opened_below(directory) == (0 if HAS_CIPHERS else 1)
        assert list(directory.iterdir()) == []
    finally:
        large.close()


def opened_below(directory: Path) -> int:
    """The number of files without a name in a directory that this process has open."""
    links = []
    for number in os.listdir("/proc/self/fd"):
        try:
            links.append(os.readlink(f"/proc/self/fd/{number}"))
        except FileNotFoundError:
            continue
    return sum(link.startswith(f"{directory}/") and link.endswith(" (deleted)") for link in links)


def test_the_copy_of_an_agent(base: Path) -> None:
    with open_copy("nobody") as private:
        private.set("mode", "red")
        assert private.agent == "nobody"
    assert not base.exists()
