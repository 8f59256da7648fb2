"""Times to live beside programs that know of none, and processes that notice an end together."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier
from typing import TYPE_CHECKING

import apsw
import pytest

from sloth_tui.store import open_path
from sloth_tui.store.sqlite.engine.database import Database
from sloth_tui.store.sqlite.engine.deadlines import overdue
from sloth_tui.store.sqlite.store import SqliteStore
from tests.store.manual_clock import ManualClock
from tests.store.sqlite.others import TOUCHED, run_other

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sloth_tui.store.port import Store


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store(path: Path, clock: ManualClock) -> Iterator[Store]:
    with opened(path, clock) as found:
        yield found


def opened(path: Path, clock: ManualClock) -> SqliteStore:
    return SqliteStore("agent", Database(str(path), clock=clock))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE state SET value = 'new' WHERE key = 'key'",
        "UPDATE state SET value = 'old' WHERE key = 'key'",
        "INSERT OR REPLACE INTO state (key, value) VALUES ('key', 'new')",
        "INSERT OR REPLACE INTO state (key, value) VALUES ('key', 'old')",
        "INSERT INTO state (key, value) VALUES ('key', 'new') "
        "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        "DELETE FROM state WHERE key = 'key'; INSERT INTO state (key, value) VALUES ('key', 'new')",
    ],
)
def test_what_another_program_writes_has_none(
    store: Store, path: Path, clock: ManualClock, statement: str
) -> None:
    store.set("key", "old", ttl=10)
    store.set("beside", "old", ttl=20)
    run_other(path, statement)
    assert store.ttl("key") is None
    assert store.ttl("beside") == 20
    clock.advance(15)
    assert store.get("key") in ("old", "new")


def test_a_key_that_another_program_renames_has_none(store: Store, path: Path) -> None:
    store.set_many({"a": 1, "b": 2, "c": 3}, ttls={"a": 10, "b": 10, "c": 10})
    run_other(path, "UPDATE state SET key = 'd' WHERE key = 'a'")
    run_other(path, "DELETE FROM state WHERE key = 'b'", "UPDATE state SET key = 'b' WHERE key = 'c'")
    assert [(key, store.ttl(key)) for key in ("a", "b", "c", "d")] == [
        ("a", None), ("b", None), ("c", None), ("d", None)
    ]  # fmt: skip
    assert dict(store.items()) == {"b": 3, "d": 1}


def test_a_program_that_only_notes_when_it_was_there_takes_none(
    store: Store, path: Path, clock: ManualClock
) -> None:
    store.set("first", 1)
    run_other(path, TOUCHED)
    store.set("key", 1, ttl=10)
    assert store.increment("key") == 2
    assert store.ttl("key") == 10


def test_other_programs_see_the_row_until_one_of_ours_writes(
    store: Store, path: Path, clock: ManualClock
) -> None:
    store.set("key", "held", ttl=5)
    clock.advance(5)
    assert not store.exists("key")
    assert run_other(path, "SELECT value FROM state") == [["held"]]
    store.set("another", 1)
    assert run_other(path, "SELECT key FROM state") == [["another"]]
    assert run_other(path, "SELECT count(*) FROM sloth_ttl") == [[0]]


def test_a_process_of_an_older_version_takes_it_away(store: Store, path: Path) -> None:
    """It goes on with the database that it opened, and numbers its revisions like us."""
    store.set("key", 1, ttl=10)
    run_other(
        path,
        "UPDATE state SET value = '2', type = 'integer', change = 1, "
        "revision = (SELECT max(revision) + 1 FROM sloth_history) WHERE key = 'key'",
    )
    assert store.get("key") == 2
    assert store.ttl("key") is None


@pytest.mark.parametrize("handles", [4])
def test_the_end_is_recorded_once_if_several_notice_it_together(
    path: Path, clock: ManualClock, handles: int
) -> None:
    with opened(path, clock) as store:
        store.set_many({str(number): 1 for number in range(9)}, ttls=dict.fromkeys(map(str, range(9)), 5.0))
        clock.advance(5)
        together = Barrier(handles)

        def notice(number: int) -> int:
            with opened(path, clock) as mine:
                assert mine.next_expiry() == 0
                together.wait()
                if number % 2:
                    mine.set(f"written by {number}", 1)
                    return 0
                return mine.expire()

        with ThreadPoolExecutor(handles) as pool:
            counts = list(pool.map(notice, range(handles)))
        assert sum(counts) in (0, 9)
        ends = [found for found in store.revisions_since(9) if found.operation == "delete"]
        assert sorted(found.key for found in ends) == [str(number) for number in range(9)]
        assert len({found.change_set_id for found in ends}) == 1


def test_an_old_value_that_is_a_secret_is_not_kept_at_the_end(store: Store, clock: ManualClock) -> None:
    store.mark_secret("key")
    store.set("key", "hidden", ttl=5)
    clock.advance(5)
    store.expire()
    newest = next(store.revisions("key"))
    assert (newest.operation, newest.secret, newest.old) == ("delete", True, None)


def test_the_index_finds_what_is_due(path: Path, clock: ManualClock) -> None:
    with opened(path, clock) as store:
        store.set_many({str(number): 1 for number in range(50)}, ttls={str(n): n + 1.0 for n in range(50)})
    with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
        for statement in (
            overdue(clock),
            "SELECT min(deadline) FROM sloth_ttl WHERE boot_id = 'boot-1'",
        ):
            plan = [str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
            assert any("sloth_ttl_due" in step for step in plan)
            assert not any(step.startswith("SCAN sloth_ttl") for step in plan)


def test_without_boot_ids_the_wall_clock_decides(path: Path) -> None:
    clock = ManualClock(tells_boots=False)
    with opened(path, clock) as store:
        store.set("key", 1, ttl=5)
        clock.step_wall(4.5)
        assert store.ttl("key") == pytest.approx(0.5)
        clock.step_wall(0.5)
        assert not store.exists("key")
        assert store.expire() == 1


def test_a_database_of_the_version_before_is_upgraded_by_the_first_one_that_has_one(path: Path) -> None:
    from tests.store.sqlite.test_upgrade import VERSIONS

    run_other(path, VERSIONS[3])
    with open_path(str(path), "write") as store, open_path(str(path)) as reader:
        assert reader.next_expiry() is None
        assert reader.ttl("version") is None
        assert run_other(path, "PRAGMA user_version") == [[3]]
        assert store.set_ttl("version", 100)
        assert run_other(path, "PRAGMA user_version") == [[4]]
        left = reader.ttl("version")
        assert left is not None
        assert 0 < left <= 100
        assert reader.entry("version").expires_at is not None
