"""Locks that other programs take, change and drop, knowing the documented columns only."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import apsw
import pytest

from sloth_tui.errors import LockHeld, LockLost, LockNotFound
from sloth_tui.store.sqlite.engine.database import Database
from sloth_tui.store.sqlite.store import SqliteStore
from tests.store.manual_clock import ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DOCUMENTED = """
    CREATE TABLE state(key TEXT PRIMARY KEY, value TEXT NOT NULL, created_at DATETIME, updated_at DATETIME);
    CREATE TABLE locks(name TEXT PRIMARY KEY, holder TEXT NOT NULL,
                       acquired_at DATETIME, expires_at DATETIME NOT NULL);"""
NOW = "2023-11-14 22:13:20"
"""What a new ManualClock has for the wall clock."""
IN_A_MINUTE = "2023-11-14 22:14:20"
DAY = 86400.0


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "agent.db")


@pytest.fixture
def foreign(path: str) -> Iterator[apsw.Connection]:
    """Another program's connection, in a database it made."""
    connection = apsw.Connection(path)
    connection.execute(DOCUMENTED)
    yield connection
    connection.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def open_handle(
    path: str, foreign: apsw.Connection, clock: ManualClock
) -> Iterator[Callable[..., SqliteStore]]:
    handles = []

    def opened(*, read_only: bool = False) -> SqliteStore:
        handles.append(SqliteStore("agent", Database(path, read_only=read_only, clock=clock)))
        return handles[-1]

    yield opened
    for handle in handles:
        handle.close()


@pytest.fixture
def store(open_handle: Callable[..., SqliteStore]) -> SqliteStore:
    return open_handle()


def take(foreign: apsw.Connection, name: object, holder: object, acquired: object, expires: object) -> None:
    foreign.execute(
        "INSERT INTO locks(name, holder, acquired_at, expires_at) "
        "VALUES (CAST(? AS TEXT), CAST(? AS TEXT), ?, ?)",
        (name, holder, acquired, expires),
    )


@pytest.mark.parametrize("read_only", [True, False])
def test_they_are_read_without_a_change_to_the_database(
    open_handle: Callable[..., SqliteStore], foreign: apsw.Connection, read_only: bool
) -> None:
    take(foreign, "deploy", "theirs", NOW, IN_A_MINUTE)
    take(foreign, "over", "theirs", NOW, NOW)
    before = foreign.serialize("main")
    handle = open_handle(read_only=read_only)
    assert [lock.name for lock in handle.locks()] == ["deploy"]
    lock = handle.lock("deploy")
    assert lock is not None
    assert (lock.holder, lock.token, lock.owner, lock.alive, lock.ephemeral) == (
        "theirs",
        0,
        None,
        None,
        False,
    )
    assert (lock.acquired_at, lock.remaining) == (1_700_000_000, 60)
    assert handle.lock("over") is None
    assert foreign.serialize("main") == before


@pytest.mark.parametrize(
    "request_of",
    [
        lambda store: store.acquire("deploy", "ours", 5),
        lambda store: store.renew("deploy", "ours", 5),
        lambda store: store.release("deploy", "ours"),
        lambda store: store.break_lock("another"),
    ],
)
def test_what_is_refused_does_not_adopt_the_database(
    store: SqliteStore, foreign: apsw.Connection, request_of: Callable[[SqliteStore], object]
) -> None:
    take(foreign, "deploy", "theirs", NOW, IN_A_MINUTE)
    before = foreign.serialize("main")
    with pytest.raises((LockHeld, LockLost, LockNotFound)):
        request_of(store)
    assert foreign.serialize("main") == before


@pytest.mark.parametrize(
    "expires",
    [
        "2023-11-14 22:13:30",
        "2023-11-14 22:13:30.000",
        "2023-11-14T22:13:30Z",
        "2023-11-14T22:13:30.000+00:00",
        "2023-11-15T00:13:30+02:00",
        "2023-11-14 16:13:30.000000000-06:00",
    ],
)
def test_both_documented_forms_of_time_are_understood(
    store: SqliteStore, foreign: apsw.Connection, clock: ManualClock, expires: str
) -> None:
    take(foreign, "deploy", "theirs", expires, expires)
    lock = store.lock("deploy")
    assert lock is not None
    assert lock.remaining == pytest.approx(10, abs=0.001)
    assert lock.acquired_at == lock.expires_at == pytest.approx(1_700_000_010, abs=0.001)
    clock.advance(10)
    assert store.lock("deploy") is None
    assert store.acquire("deploy", "ours", 5).token == 1


@pytest.mark.parametrize("expires", ["", "soon", "2023-13-41 00:00:00", b"\xff\x00", "\xff"])
@pytest.mark.parametrize("acquired", [NOW, None, "then"])
def test_one_whose_end_cannot_be_read_is_held_for_thirty_days(
    store: SqliteStore, foreign: apsw.Connection, acquired: str | None, expires: str | bytes
) -> None:
    take(foreign, "deploy", "theirs", acquired, expires)
    with pytest.raises(LockHeld, match="held by 'theirs' for another 30d"):
        store.acquire("deploy", "ours", 5)
    [lock] = store.locks()
    assert (lock.remaining, lock.acquired_at) == (30 * DAY, 1_700_000_000 if acquired == NOW else None)
    store.break_lock("deploy")
    assert store.acquire("deploy", "ours", 5).holder == "ours"


REWRITES = [
    "UPDATE locks SET holder = 'theirs', acquired_at = '{now}', expires_at = '{soon}' WHERE name = 'deploy'",
    "UPDATE locks SET expires_at = '{soon}' WHERE name = 'deploy'",
    "UPDATE locks SET holder = 'theirs' WHERE name = 'deploy'",
    "INSERT OR REPLACE INTO locks(name, holder, acquired_at, expires_at) "
    "VALUES ('deploy', 'theirs', '{now}', '{soon}')",
    "INSERT INTO locks(name, holder, acquired_at, expires_at) VALUES ('deploy', 'theirs', '{now}', '{soon}') "
    "ON CONFLICT(name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at",
    "DELETE FROM locks; "
    "INSERT INTO locks(name, holder, acquired_at, expires_at) VALUES ('deploy', 'theirs', '{now}', '{soon}')",
    "UPDATE OR REPLACE locks SET name = 'deploy' WHERE name = 'another'",
]


@pytest.mark.parametrize("rewrite", REWRITES)
@pytest.mark.parametrize("recursive", ["ON", "OFF"])
def test_one_put_in_place_of_ours_voids_our_token(
    store: SqliteStore, foreign: apsw.Connection, clock: ManualClock, rewrite: str, recursive: str
) -> None:
    foreign.execute(f"PRAGMA recursive_triggers = {recursive}")
    take(foreign, "another", "theirs", NOW, IN_A_MINUTE)
    first = store.acquire("deploy", "ours", 300, ephemeral=True)
    store.fence("deploy", first.token)
    store.set("key", "before")
    foreign.execute(rewrite.format(now=NOW, soon=IN_A_MINUTE))
    with pytest.raises(LockLost, match=r"^lock 'deploy' lost"):
        store.set("key", "after")
    with pytest.raises(LockLost, match=r"^lock 'deploy' lost"):
        store.release("deploy", "ours")
    assert store.get("key") == "before"
    lock = store.lock("deploy")
    assert lock is not None
    assert (lock.token, lock.owner, lock.ephemeral) == (first.token + 1, None, False)
    clock.step_wall(lock.expires_at - clock.wall())
    assert store.lock("deploy") is None, "judged by the wall clock, as its program does"
    assert store.acquire("deploy", "ours", 5).token == first.token + 2


def test_a_statement_that_changes_nothing_takes_nothing(store: SqliteStore, foreign: apsw.Connection) -> None:
    lock = store.acquire("deploy", "ours", 300)
    foreign.execute("UPDATE locks SET holder = holder, expires_at = expires_at")
    foreign.execute("INSERT OR IGNORE INTO locks(name, holder, expires_at) VALUES ('deploy', 'theirs', 'x')")
    assert store.lock("deploy") == lock


def test_tokens_go_on_after_they_delete_the_row(store: SqliteStore, foreign: apsw.Connection) -> None:
    first = store.acquire("deploy", "ours", 300).token
    store.fence("deploy", first)
    foreign.execute("DELETE FROM locks")
    with pytest.raises(LockLost, match=r"^lock 'deploy' lost: it is not held"):
        store.set("key", "value")
    assert store.acquire("deploy", "ours", 300).token > first


def test_no_fence_accepts_a_lock_without_a_token(store: SqliteStore, foreign: apsw.Connection) -> None:
    take(foreign, "deploy", "theirs", NOW, IN_A_MINUTE)
    lock = store.lock("deploy")
    assert lock is not None
    store.fence("deploy", lock.token)
    with pytest.raises(LockLost, match=r"^lock 'deploy' lost: 'theirs' holds it"):
        store.set("key", "value")


def test_their_holder_may_renew_and_release(
    store: SqliteStore, foreign: apsw.Connection, clock: ManualClock
) -> None:
    take(foreign, "deploy", "theirs", NOW, IN_A_MINUTE)
    with pytest.raises(LockLost):
        store.renew("deploy", "ours", 5)
    renewed = store.renew("deploy", "theirs", 5)
    assert (renewed.token, renewed.acquired_at, renewed.owner) == (1, 1_700_000_000, None)
    clock.step_wall(-DAY)
    clock.advance(4)
    assert store.lock("deploy") == renewed._replace(remaining=1)
    store.release("deploy", "theirs", token=1)
    assert store.locks() == []


@pytest.mark.parametrize("holder", [b"\xff\xfe", "ä\x1b[31m", ""])
def test_names_that_are_no_utf8_are_listed_and_can_be_broken(
    store: SqliteStore, foreign: apsw.Connection, holder: str | bytes
) -> None:
    take(foreign, b"depl\xf6y", holder, NOW, IN_A_MINUTE)
    foreign.execute("INSERT INTO locks(name, holder, expires_at) VALUES (NULL, x'ff', ?)", (IN_A_MINUTE,))
    [lock] = store.locks()
    assert lock.name == "depl\udcf6y"
    assert lock.holder == (holder if isinstance(holder, str) else "\udcff\udcfe")
    assert store.break_lock(lock.name) == lock
    assert store.locks() == []
    assert [broken.holder for broken in store.lock_breaks()] == [lock.holder]


def test_who_waits_for_a_lock_needs_no_write_lock(store: SqliteStore, foreign: apsw.Connection) -> None:
    store.acquire("deploy", "ours", 300)
    foreign.execute("BEGIN IMMEDIATE")
    with pytest.raises(LockHeld, match="another 4m 58s"):
        store.acquire("deploy", "ours", 5, wait=2)
    foreign.execute("ROLLBACK")


def test_columns_of_ours_that_hold_nonsense_are_not_believed(
    store: SqliteStore, foreign: apsw.Connection
) -> None:
    store.acquire("deploy", "ours", 300, ephemeral=True)
    foreign.execute("UPDATE locks SET token = 'x', deadline = 'y', owner_pid = x'ff', boot_id = 7")
    lock = store.lock("deploy")
    assert lock is not None
    assert (lock.token, lock.owner, lock.remaining) == (0, None, 300)


def test_a_program_with_another_sqlite_goes_on_working(store: SqliteStore, path: str) -> None:
    lock = store.acquire("deploy", "ours", 300)
    program = (
        "import sqlite3, sys\n"
        "db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "found = db.execute('SELECT name, holder, acquired_at, expires_at FROM locks').fetchall()\n"
        "assert found == [('deploy', 'ours', '2023-11-14 22:13:20.000', '2023-11-14 22:18:20.000')], found\n"
        "new = ('theirs', '2023-11-14 22:13:20', '2023-11-14 22:14:20')\n"
        "for name in ('deploy', 'another'):\n"
        "    db.execute('INSERT OR REPLACE INTO locks(name, holder, acquired_at, expires_at)'\n"
        "               'VALUES (?, ?, ?, ?)', (name, *new))\n"
    )
    subprocess.run([sys.executable, "-I", "-c", program, path], check=True)
    found = {lock.name: (lock.holder, lock.token) for lock in store.locks()}
    assert found == {"deploy": ("theirs", lock.token + 1), "another": ("theirs", 1)}
