"""A file that is not one of our databases is refused without changing a byte."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import DatabaseUnusable
from sloth_tui.store import open_path
from tests.store.sqlite.others import DOCUMENTED, files_of, make_ours, run_other

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def foreign(path: Path) -> None:
    run_other(path, "CREATE TABLE bookmarks (url TEXT)", "INSERT INTO bookmarks VALUES ('x')")


def foreign_with_log(path: Path) -> None:
    run_other(path, "PRAGMA journal_mode = WAL", "CREATE TABLE bookmarks (url TEXT)")


def foreign_state_table(path: Path) -> None:
    run_other(path, "CREATE TABLE state (id INTEGER PRIMARY KEY, name TEXT)")


def other_application(path: Path) -> None:
    run_other(path, DOCUMENTED, "PRAGMA application_id = 1234")


def utf_16(path: Path) -> None:
    run_other(path, "PRAGMA encoding = 'UTF-16'", DOCUMENTED)


def newer(path: Path) -> None:
    make_ours(path)
    run_other(path, "PRAGMA user_version = 5")


def no_database(path: Path) -> None:
    path.write_text("just some text, longer than a header" * 10)


def short(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0")


def one_byte(path: Path) -> None:
    path.write_bytes(b"x")


def random_bytes(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 64)


def damaged(path: Path) -> None:
    make_ours(path)
    content = path.read_bytes()
    path.write_bytes(content[:100] + b"\xa5" * (len(content) - 100))


def a_directory(path: Path) -> None:
    path.mkdir()


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize("mode", ["read", "write"])
@pytest.mark.parametrize(
    "make",
    [
        foreign,
        foreign_with_log,
        foreign_state_table,
        other_application,
        utf_16,
        newer,
        no_database,
        short,
        one_byte,
        random_bytes,
        damaged,
        a_directory,
        a_pipe,
    ],
)
def test_what_is_no_database_of_ours_is_refused_and_left_alone(
    path: Path, make: Callable[[Path], None], mode: str
) -> None:
    make(path)
    before = {} if make in (a_directory, a_pipe) else files_of(path)
    with pytest.raises(DatabaseUnusable) as refusal:
        open_path(str(path), mode)  # type: ignore[arg-type]
    assert str(path) in refusal.value.message
    assert "\n" not in refusal.value.message
    assert ({} if make in (a_directory, a_pipe) else files_of(path)) == before
    assert [file.name for file in path.parent.glob("agent*")] == ["agent.db"]


@pytest.mark.parametrize("mode", ["read", "write"])
def test_a_symbolic_link_is_refused(path: Path, mode: str) -> None:
    real = path.with_name("real.db")
    make_ours(real)
    before = files_of(real)
    path.symlink_to(real)
    with pytest.raises(DatabaseUnusable, match="symbolic link"):
        open_path(str(path), mode)  # type: ignore[arg-type]
    path.unlink()
    path.symlink_to("nowhere.db")
    with pytest.raises(DatabaseUnusable, match="symbolic link"):
        open_path(str(path), mode)  # type: ignore[arg-type]
    assert files_of(real) == before
    assert not path.with_name("nowhere.db").exists()


def test_a_link_that_appears_before_the_first_write_is_refused(path: Path) -> None:
    store = open_path(str(path), "write")
    path.symlink_to("nowhere.db")
    with pytest.raises(DatabaseUnusable, match="symbolic link"):
        store.set("key", "value")
    assert not path.with_name("nowhere.db").exists()
    store.close()


def test_the_directory_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    make_ours(tmp_path / "link" / "agent.db")
    with open_path(str(tmp_path / "link" / "agent.db")) as store:
        assert store.get("key") == "value"


@pytest.mark.parametrize("mode", ["read", "write"])
def test_a_path_that_is_no_utf_8_is_refused_before_anything_is_made(tmp_path: Path, mode: str) -> None:
    directory = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")
    with pytest.raises(DatabaseUnusable, match="not UTF-8"):
        open_path(f"{directory}/state/agent.db", mode)  # type: ignore[arg-type]
    assert not os.path.lexists(directory)


def test_an_empty_file_is_an_empty_store(path: Path) -> None:
    path.touch()
    with open_path(str(path)) as store:
        assert store.count() == 0
    assert files_of(path) == {"agent.db": b""}
    make_ours(path)
    with open_path(str(path)) as store:
        assert store.get("key") == "value"


def test_a_damaged_page_is_an_error_in_one_line(path: Path) -> None:
    with open_path(str(path), "write") as store:
        store.set_many({f"key:{number:05}": "x" * 100 for number in range(2000)})
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = b"\xa5" * (len(content) - len(content) // 2)
    path.write_bytes(content)
    with open_path(str(path)) as store, pytest.raises(DatabaseUnusable) as damage:
        dict(store.items())
    assert "\n" not in damage.value.message


TIMES = "created_at DATETIME, updated_at DATETIME"


@pytest.mark.parametrize("mode", ["read", "write"])
@pytest.mark.parametrize(
    ("tables", "complaint"),
    [
        (f"CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT, {TIMES}) WITHOUT ROWID", "WITHOUT ROWID"),
        (f"CREATE TABLE t (key TEXT, value TEXT, {TIMES}); CREATE VIEW state AS SELECT * FROM t", "a view"),
        (f"CREATE TABLE state (key TEXT, value TEXT, {TIMES})", "'key' is not unique"),
        (f"CREATE TABLE state (key TEXT, value TEXT, {TIMES}, PRIMARY KEY (key, value))", "not unique"),
        (f"CREATE TABLE state (key TEXT PRIMARY KEY COLLATE NOCASE, value TEXT, {TIMES})", "not to the byte"),
        (f"CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT, {TIMES}, type TEXT)", "'type' of its own"),
        (
            "CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT, created_at DATETIME)",
            "no column 'updated_at'",
        ),
        (f"{DOCUMENTED}; DROP TABLE locks; CREATE TABLE locks (a, b)", "table 'locks' .* no column"),
    ],
)
def test_tables_that_only_have_the_documented_names_are_refused_in_words(
    path: Path, tables: str, complaint: str, mode: str
) -> None:
    run_other(path, f"{tables}; SELECT 1")
    before = files_of(path)
    with pytest.raises(DatabaseUnusable, match=complaint):
        open_path(str(path), mode)  # type: ignore[arg-type]
    assert files_of(path) == before


def test_names_of_tables_and_columns_may_be_in_capitals(path: Path) -> None:
    capitals = DOCUMENTED.replace("state (key", "STATE (KEY").replace("locks (name", "LOCKS (NAME")
    run_other(path, capitals, "INSERT INTO STATE (KEY, value) VALUES ('theirs', '1')")
    with open_path(str(path)) as store:
        assert dict(store.items()) == {"theirs": "1"}
    with open_path(str(path), "write") as store:
        store.set("ours", store.acquire("deploy", "me", 5).token)
        assert dict(store.items()) == {"theirs": "1", "ours": 1}


def test_a_restored_dump_is_refused_with_the_way_to_repair_it(path: Path) -> None:
    """A dump has the tables, but neither application_id nor user_version."""
    make_ours(path)
    run_other(path, "PRAGMA application_id = 0", "PRAGMA user_version = 0")
    with pytest.raises(DatabaseUnusable, match="restored dump") as refusal:
        open_path(str(path))
    repair = str(refusal.value.hint)
    run_other(path, *(part.partition(" set ")[0] for part in repair.split(" and ")))
    with open_path(str(path), "write") as store:
        assert store.get("key") == "value"
        assert store.set("key", "new") == 2


def test_what_sqlite_says_of_a_damaged_schema_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "local.db"
    make_ours(path)
    run_other(
        path,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET name = 'a' || char(10) || '  b', sql = '?' WHERE name = 'locks'",
    )
    with pytest.raises(DatabaseUnusable) as caught, open_path(str(path)) as store:
        store.get("key")
    assert caught.value.message.startswith(f"{path}: damaged (malformed database schema (a b)")
