"""Databases are created, adopted from other programs, and followed when replaced."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import AgentNotFound, InvalidAgentName, NotWritable
from sloth_tui.store import open_entries, open_path, open_store
from tests.store.sqlite.others import DOCUMENTED, files_of, make_ours, remove_elsewhere, run_other

if TYPE_CHECKING:
    from pathlib import Path


def test_reading_local_before_its_first_write_finds_nothing_and_creates_nothing(base: Path) -> None:
    for open_it in (open_store, open_entries):
        with open_it("local") as store:
            assert store.get("key") is None
            assert list(store.items()) == []
            assert store.count() == 0
    with open_store("local") as whole:
        assert whole.locks() == []
        assert whole.revision() == 0
        assert whole.stats().total_keys == 0
        with pytest.raises(NotWritable):
            whole.set("key", "value")
    assert not base.exists()


def test_reading_another_agent_without_a_database_names_those_there_are(base: Path) -> None:
    with open_store("production", "write") as store:
        store.set("key", "value")
    for open_it in (open_store, open_entries):
        with pytest.raises(AgentNotFound) as missing:
            open_it("productoin")
        assert missing.value.hint is not None
        assert "production" in missing.value.hint
        assert "local" in missing.value.hint
    assert [file.name for file in (base / "state").iterdir()] == ["production.db"]


def test_a_bad_agent_name_is_refused_before_a_file_is_touched(base: Path) -> None:
    for name in ("", "../x", ".hidden", "a/b", "x" * 65):
        with pytest.raises(InvalidAgentName):
            open_store(name, "write")
    assert not base.exists()


def test_the_first_write_creates_files_for_their_owner_only(base: Path) -> None:
    before = os.umask(0)
    try:
        store = open_store("local", "write")
        assert store.get("key") is None
        assert store.delete("key") is False
        assert store.delete_many(["key"]) == 0
        assert store.delete_prefix("") == 0
        assert not base.exists()
        store.set("key", "value")
    finally:
        os.umask(before)
    assert stat.S_IMODE((base / "state").stat().st_mode) == 0o700
    files = list((base / "state").iterdir())
    assert {file.name for file in files} == {"local.db", "local.db-wal", "local.db-shm"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    store.close()
    assert [file.name for file in (base / "state").iterdir()] == ["local.db"]


def test_a_strict_umask_takes_nothing_from_the_owner(base: Path) -> None:
    before = os.umask(0o777)
    try:
        with open_store("local", "write") as store:
            store.set("key", "value")
    finally:
        os.umask(before)
    assert stat.S_IMODE((base / "state" / "local.db").stat().st_mode) == 0o600
    assert stat.S_IMODE((base / "state").stat().st_mode) == 0o700


def test_handles_opened_before_the_database_was_made_see_it(base: Path) -> None:
    with open_store("local") as reader, open_store("local", "write") as second:
        token = reader.change_token()
        with open_store("local", "write") as first:
            first.set("key", "value")
            assert second.get("key") == "value"
            assert reader.get("key") == "value"
            assert list(reader.items()) == [("key", "value")]
            assert reader.change_token() != token
            second.set("key", "other")
            assert first.get("key") == reader.get("key") == "other"


def test_a_documented_database_is_read_as_it_is(path: Path) -> None:
    run_other(
        path,
        DOCUMENTED,
        (
            "INSERT INTO state VALUES (?, ?, ?, ?)",
            "key",
            "5",
            "2024-05-01 10:00:00",
            "2024-05-01T12:00:01+02:00",
        ),
        "INSERT INTO locks VALUES ('lock', 'holder', '2024-05-01 10:00:00', '2999-05-01 10:00:00')",
    )
    before = files_of(path)
    for mode in ("read", "write"):
        with open_path(str(path), mode) as store:
            assert dict(store.items()) == {"key": "5"}
            entry = store.entry("key")
            assert (entry.type, entry.revision, entry.size) == ("string", None, 1)
            assert (entry.created_at, entry.updated_at) == (1714557600, 1714557601)
            assert [lock.name for lock in store.locks()] == ["lock"]
            assert store.revision() == 0
            assert list(store.revisions_since(0)) == []
            assert store.stats().total_keys == 1
            assert store.get_many(["key"]) == {"key": "5"}
            assert store.count("k") == 1
            assert store.delete("missing") is False
            store.change_token()
    assert files_of(path) == before


def test_without_the_table_of_locks_there_are_no_locks(path: Path) -> None:
    run_other(path, DOCUMENTED.split(";")[0], "INSERT INTO state (key, value) VALUES ('key', '5')")
    with open_path(str(path), "write") as store:
        assert store.locks() == []
        assert store.get("key") == "5"
        store.acquire("lock", "holder", 5)
        assert [lock.name for lock in store.locks()] == ["lock"]


def test_the_first_write_adopts_a_documented_database(path: Path) -> None:
    run_other(path, DOCUMENTED, "INSERT INTO state (key, value) VALUES ('key', '5'), ('other', 'x')")
    with open_path(str(path)) as reader, open_path(str(path), "write") as store:
        token = reader.change_token()
        assert store.increment("key") == 6
        assert reader.get("key") == 6
        assert reader.change_token() != token
        assert [(change.old, change.new) for change in reader.revisions("key")] == [("5", 6)]
        assert reader.entry("other").revision is None
        assert store.compare_and_set_revision("other", 0, "y") is False
        assert store.set("other", "x") == 0
    rows = run_other(
        path, "INSERT INTO state (key, value) VALUES ('new', '1')", "SELECT key, value FROM state"
    )
    assert sorted(map(tuple, rows)) == [("key", "6"), ("new", "1"), ("other", "x")]


@pytest.mark.slow
def test_adopting_takes_no_longer_for_many_rows(path: Path) -> None:
    """No page of the entries is written: the file grows by our tables alone."""
    run_other(
        path,
        DOCUMENTED,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) "
        "INSERT INTO state (key, value) SELECT 'key:' || i, i FROM n",
    )
    size = path.stat().st_size
    with open_path(str(path), "write") as store:
        store.acquire("lock", "holder", 5)
        log_size = store.stats().wal_size
    assert log_size is not None
    assert log_size < 64 * 4096 < size / 10


def test_a_transaction_can_be_the_first_write(path: Path) -> None:
    run_other(path, DOCUMENTED)
    with open_path(str(path), "write") as store, store.transaction():
        store.set("key", 1)
        assert store.get("key") == 1


def test_a_database_that_was_removed_is_made_anew_by_the_next_write(path: Path) -> None:
    with open_path(str(path), "write") as store, open_path(str(path)) as reader:
        store.set_many({"key": "old", "other": "old"})
        token = reader.change_token()
        remove_elsewhere(path)
        assert reader.change_token() != token
        assert reader.get("key") is None
        store.set("key", "new")
        assert dict(reader.items()) == {"key": "new"}


def test_a_database_that_was_replaced_is_written_in_its_place(path: Path) -> None:
    make_ours(path.with_name("backup.db"))
    with open_path(str(path), "write") as store:
        store.set("key", "old")
        store.set("key", "older")
        remove_elsewhere(path, "-*", replacement=path.with_name("backup.db"))
        store.set("more", 1)
        assert dict(store.items()) == {"key": "value", "more": 1}


@pytest.mark.slow
def test_a_log_that_another_program_took_away_is_back_with_the_next_write(path: Path) -> None:
    make_ours(path)
    assert run_other(path, "PRAGMA journal_mode = DELETE") == [["delete"]]
    before = files_of(path)
    with open_path(str(path), "write") as store:
        assert store.get("key") == "value"
    assert files_of(path) == before
    with open_path(str(path), "write") as store:
        store.set("key", "new")
        assert path.with_name(path.name + "-wal").exists()
    assert run_other(path, "PRAGMA journal_mode") == [["wal"]]
