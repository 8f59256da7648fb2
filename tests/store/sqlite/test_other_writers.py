"""Other programs go on writing to a database that we have adopted, and history has all of it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_path
from tests.store.sqlite.others import DOCUMENTED, TOUCHED, run_other

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sloth_tui.store.sqlite.store import SqliteStore

pytestmark = pytest.mark.slow


Change = tuple[str, str, object, object]

UPSERT = """INSERT INTO state (key, value, updated_at) VALUES (?, ?, CURRENT_TIMESTAMP)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at"""
REPLACE = "INSERT OR REPLACE INTO state (key, value, created_at, updated_at) VALUES (?, ?, 'then', 'now')"


@pytest.fixture(params=["ours", "documented", "documented with a trigger"])
def store(request: pytest.FixtureRequest, path: Path) -> Iterator[SqliteStore]:
    """A database we made, or adopted, with an integer in it that we wrote."""
    if request.param != "ours":
        run_other(path, DOCUMENTED)
    if request.param == "documented with a trigger":
        run_other(path, TOUCHED)
    with open_path(str(path), "write") as store:
        store.set("n", 5)
        yield store


def since(store: SqliteStore, revision: int) -> list[Change]:
    """Return the revisions after this one; check that each is by another program."""
    changes = list(store.revisions_since(revision))
    assert all(change.origin is None and change.change_set_id is None for change in changes)
    return [(change.operation, change.key, change.old, change.new) for change in changes]


def test_an_insert(store: SqliteStore, path: Path) -> None:
    before = store.revision()
    run_other(path, ("INSERT INTO state (key, value) VALUES (?, ?)", "new", "1"))
    assert store.get("new") == "1"
    assert since(store, before) == [("set", "new", None, "1")]
    assert store.entry("new").revision == before + 1


def test_an_update_makes_a_string(store: SqliteStore, path: Path) -> None:
    before = store.revision()
    run_other(path, ("UPDATE state SET value = ? WHERE key = ?", "abc", "n"))
    assert store.get("n") == "abc"
    assert since(store, before) == [("set", "n", 5, "abc")]
    assert store.entry("n").revision == before + 1


def test_an_update_to_the_same_value_is_not_a_change(store: SqliteStore, path: Path) -> None:
    before = store.revision()
    run_other(path, "UPDATE state SET value = value, updated_at = CURRENT_TIMESTAMP")
    assert store.get("n") == 5
    assert since(store, before) == []
    assert store.entry("n").revision == before


def test_an_upsert(store: SqliteStore, path: Path) -> None:
    before = store.revision()
    run_other(path, (UPSERT, "n", "6"), (UPSERT, "new", "1"), (UPSERT, "new", "1"), (UPSERT, "n", "7"))
    assert since(store, before) == [("set", "n", 5, "6"), ("set", "new", None, "1"), ("set", "n", "6", "7")]
    assert store.increment("n") == 8


def test_insert_or_replace(store: SqliteStore, path: Path) -> None:
    before = store.revision()
    run_other(path, (REPLACE, "n", "6"), (REPLACE, "new", "1"), (REPLACE, "n", "7"))
    assert since(store, before) == [("set", "n", 5, "6"), ("set", "new", None, "1"), ("set", "n", "6", "7")]
    assert store.get("n") == "7"
    assert store.entry("n").revision == store.revision()
    store.set("n", 8)
    assert store.entry("n").revision == store.revision()


def test_insert_or_replace_by_the_same_value_is_not_a_change(store: SqliteStore, path: Path) -> None:
    before = store.revision()
    run_other(path, (REPLACE, "n", "5"))
    assert since(store, before) == []
    assert store.get("n") == 5
    assert store.entry("n").revision == before


def test_insert_or_replace_where_triggers_recurse(path: Path) -> None:
    """Then SQLite tells of the deletion as well."""
    with open_path(str(path), "write") as store:
        before = store.set("n", 5)
        run_other(path, "PRAGMA recursive_triggers = ON", (REPLACE, "n", "6"))
        assert since(store, before) == [("delete", "n", 5, None), ("set", "n", None, "6")]
        assert store.get("n") == "6"


def test_insert_or_ignore(store: SqliteStore, path: Path) -> None:
    before = store.revision()
    ignore = "INSERT OR IGNORE INTO state (key, value) VALUES (?, ?)"
    run_other(path, (ignore, "n", "9"), "DELETE FROM state WHERE key = 'n'", (ignore, "n", "9"))
    assert since(store, before) == [("delete", "n", 5, None), ("set", "n", None, "9")]


def test_an_insert_that_was_ignored_leaves_no_trace_for_ours(store: SqliteStore, path: Path) -> None:
    run_other(path, ("INSERT OR IGNORE INTO state (key, value) VALUES (?, ?)", "n", "9"))
    store.delete("n")
    store.set("n", 1)
    assert [(change.old, change.new) for change in store.revisions("n", limit=2)] == [(None, 1), (5, None)]


def test_a_rename(store: SqliteStore, path: Path) -> None:
    before = store.revision()
    run_other(path, "UPDATE state SET key = 'm' WHERE key = 'n'")
    assert since(store, before) == [("delete", "n", 5, None), ("set", "m", None, 5)]
    assert store.get("m") == 5


def test_a_rename_that_replaces(store: SqliteStore, path: Path) -> None:
    store.set("m", "old")
    before = store.revision()
    run_other(path, "UPDATE OR REPLACE state SET key = 'm', value = '6' WHERE key = 'n'")
    assert since(store, before) == [("delete", "n", 5, None), ("set", "m", "old", "6")]


def test_delete_and_delete_everything(store: SqliteStore, path: Path) -> None:
    store.set_many({"a": 1, "b": 2})
    before = store.revision()
    run_other(path, "DELETE FROM state WHERE key = 'b'", "DELETE FROM state")
    gone = {key: old for operation, key, old, _ in since(store, before) if operation == "delete"}
    assert gone == {"a": 1, "b": 2, "n": 5}
    assert store.count() == 0


def test_rows_without_a_key_are_theirs_alone(store: SqliteStore, path: Path) -> None:
    """The documented table allows NULL, of which there can be many."""
    before = store.revision()
    insert = "INSERT INTO state (key, value) VALUES (NULL, '1')"
    run_other(path, insert, insert, "UPDATE state SET value = '2' WHERE key IS NULL")
    assert list(store.items()) == [("n", 5)]
    assert since(store, before) == []
    run_other(path, "UPDATE state SET key = 'named' WHERE rowid IN (SELECT max(rowid) FROM state)")
    run_other(path, "UPDATE state SET key = NULL WHERE key = 'n'", "DELETE FROM state WHERE key IS NULL")
    assert list(store.items()) == [("named", "2")]
    assert since(store, before) == [("set", "named", None, "2"), ("delete", "n", 5, None)]


def test_many_rows_in_one_transaction(store: SqliteStore, path: Path) -> None:
    store.set_many({f"k:{number:03}": number for number in range(100)})
    before = store.revision()
    run_other(
        path,
        "BEGIN",
        "UPDATE state SET value = value || '!' WHERE key LIKE 'k:%'",
        "DELETE FROM state WHERE key > 'k:050'",
        "INSERT OR REPLACE INTO state (key, value) SELECT key, 'again' FROM state WHERE key >= 'k:040'",
        "COMMIT",
    )
    changes = since(store, before)
    assert len(changes) == 100 + 49 + 1 + 11
    assert ("set", "k:045", "45!", "again") in changes
    assert store.get("k:050") == "again"
    assert store.revision() == before + len(changes)


def test_what_was_rolled_back_did_not_happen(store: SqliteStore, path: Path) -> None:
    before = store.revision()
    run_other(path, "BEGIN", "UPDATE state SET value = 'x'", (REPLACE, "n", "y"), "ROLLBACK")
    assert since(store, before) == []
    assert store.get("n") == 5


def test_they_read_what_we_write(store: SqliteStore, path: Path) -> None:
    store.set_many({"text": "é", "table": {"a": [1]}, "yes": True, "half": 0.5})
    rows = run_other(path, "SELECT key, value FROM state ORDER BY key")
    assert rows == [["half", "0.5"], ["n", "5"], ["table", '{"a":[1]}'], ["text", "é"], ["yes", "true"]]
    ((updated,),) = run_other(path, "SELECT updated_at FROM state WHERE key = 'n'")
    assert isinstance(updated, str)
    assert len(updated) in (len("2006-01-02 15:04:05.678"), len("2006-01-02 15:04:05"))


def test_their_text_may_be_no_utf8(store: SqliteStore, path: Path) -> None:
    run_other(
        path,
        "INSERT INTO state (key, value) VALUES ('bad value', CAST(x'ff41' AS TEXT))",
        "INSERT INTO state (key, value) VALUES (CAST(x'62ff' AS TEXT), 'bad key')",
        "INSERT INTO state (key, value) VALUES ('blob', x'41')",
        "INSERT INTO state (key, value) VALUES ('good', 'é')",
    )
    everything = {"bad value": b"\xffA", "b\udcff": "bad key", "blob": b"A", "good": "é", "n": 5}
    assert dict(store.items()) == everything
    assert set(store.keys()) == set(everything)
    assert {entry.key: entry.value for entry in store.entries()} == everything
    assert store.get_many(everything) == everything
    assert {change.key: change.new for change in store.revisions_since(0)} == everything
    for key, value in everything.items():
        assert store.get(key) == value
        assert store.exists(key)
        assert store.entry(key).value == value
        assert list(store.keys(key)) == [key]
        assert store.delete(key)
    assert store.count() == 0


def test_a_long_walk_meets_text_that_is_no_utf8(store: SqliteStore, path: Path) -> None:
    store.set_many({f"k:{number:05}": number for number in range(8_000)})
    run_other(
        path,
        "UPDATE state SET value = CAST(x'ff' AS TEXT) WHERE key = 'k:06000'",
        "INSERT INTO state (key, value) VALUES (CAST(x'6b3a3036303030ff' AS TEXT), 'x')",
    )
    keys = list(store.keys("k:"))
    assert len(keys) == 8_001
    assert keys[6_001] == "k:06000\udcff"
    items = dict(store.items())
    assert items["k:06000"] == b"\xff"
    assert items["k:05999"] == 5_999
    assert len(items) == 8_002


def test_a_type_that_does_not_fit_reads_as_a_string(store: SqliteStore, path: Path) -> None:
    """A person may have removed our triggers, or set the columns by hand."""
    kinds = ["integer", "float", "boolean", "table", "unheard of", "bytes"]
    run_other(
        path,
        *[
            (
                "INSERT INTO state (key, value, type, revision) VALUES (?, ?, ?, ?)",
                kind,
                "abc",
                kind,
                100 + place,
            )
            for place, kind in enumerate(kinds)
        ],
    )
    for key in kinds:
        assert store.get(key) == "abc"
        assert store.entry(key).value == "abc"
    assert store.set("integer", "abc")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2024-05-01 10:00:00", 1714557600),
        ("2024-05-01 10:00:00.25", 1714557600.25),
        ("2024-05-01T10:00:00Z", 1714557600),
        ("2024-05-01T12:00:00+02:00", 1714557600),
        ("2024-05-01 10:00:00.123456789+00:00", 1714557600.123),
        ("2024-05-01 10:00:00.123456789 +0000 UTC m=+0.01", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_their_times_are_read(store: SqliteStore, path: Path, text: str, seconds: float | None) -> None:
    run_other(
        path, ("INSERT INTO state (key, value, created_at, updated_at) VALUES ('t', '', ?, ?)", text, text)
    )
    entry = store.entry("t")
    if seconds is None:
        assert entry.created_at is None
    else:
        assert entry.created_at == pytest.approx(seconds, abs=0.001)


@pytest.fixture
def alone(path: Path) -> Iterator[SqliteStore]:
    """A new store with nothing in it."""
    with open_path(str(path), "write") as store:
        yield store


COPY = "CREATE TABLE copy AS SELECT * FROM state"
PUT_BACK = "INSERT OR REPLACE INTO state SELECT * FROM copy"


@pytest.mark.parametrize("emptied", [False, True])
def test_rows_put_back_whole_are_changes_like_any_other(
    alone: SqliteStore, path: Path, emptied: bool
) -> None:
    for number in range(3):
        alone.set_many({"a": number, "b": {"n": number}})
    run_other(path, COPY)
    alone.set_many({"a": 10, "b": {"n": 10}})
    run_other(path, *(["DELETE FROM state"] if emptied else []), PUT_BACK, "DROP TABLE copy")
    assert dict(alone.items()) == {"a": 2, "b": {"n": 2}}
    changes = list(alone.revisions_since(0))
    assert [change.revision for change in changes] == list(range(1, len(changes) + 1))
    for key in ("a", "b"):
        of_key = [change for change in reversed(changes) if change.key == key]
        assert list(alone.revisions(key)) == of_key
        assert all(later.old == earlier.new for later, earlier in itertools.pairwise(of_key))
        assert of_key[0].origin is None
    newest = alone.revision()
    assert alone.set("a", 11) == newest + 1
    assert [entry.value for entry in alone.entries_at(newest)] == [2, {"n": 2}]


def test_a_row_of_another_database_gets_a_number_of_this_one(
    alone: SqliteStore, path: Path, tmp_path: Path
) -> None:
    alone.set("a", 1)
    elsewhere = tmp_path / "elsewhere.db"
    with open_path(str(elsewhere), "write") as other:
        for number in range(9):
            other.set("theirs", number)
    run_other(path, f"ATTACH '{elsewhere}' AS o", "REPLACE INTO state SELECT * FROM o.state")
    assert [(change.key, change.new, change.origin is None) for change in alone.revisions_since(0)] == [
        ("a", 1, False), ("theirs", 8, True)
    ]  # fmt: skip
    assert alone.set("theirs", 9) == 3
    assert [change.new for change in alone.revisions("theirs")] == [9, 8]


def test_secrets_are_hidden_in_all_of_a_history_that_others_wrote_to(alone: SqliteStore, path: Path) -> None:
    for number in range(3):
        alone.set("pw", f"old {number}")
    run_other(path, COPY, "UPDATE copy SET value = 'theirs'", PUT_BACK, "DROP TABLE copy")
    alone.mark_secret("pw")
    assert run_other(path, "SELECT count(*) FROM sloth_history WHERE length(old) > 0") == [[0]]
