"""Databases of older versions of our schema: read as they are, upgraded by the first write."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import DatabaseUnusable, HistoryPruned, KeyNotFound
from sloth_tui.model import Origin
from sloth_tui.store import open_path
from tests.store.sqlite.others import DOCUMENTED, files_of, run_other

if TYPE_CHECKING:
    from sloth_tui.store.port import Store

VERSIONS = {version: Path(__file__).with_name(f"version_{version}.sql").read_text() for version in (1, 2, 3)}
"""The change sets are fill, count, clear --prefix deploy: and set version; deploy:count was pruned."""
NEWEST = 4
ENTRIES = {"tls": b"\x30\xff", "version": "v2"}
KEPT = [2, 3, 4, 5, 11, 12, 13, 14, 15, 16, 17]
TABLES = "SELECT group_concat(name) FROM (SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name)"


@pytest.fixture(params=list(VERSIONS), ids="version {}".format)
def version(request: pytest.FixtureRequest) -> int:
    number: int = request.param
    return number


@pytest.fixture
def old(path: Path, version: int) -> Path:
    run_other(path, VERSIONS[version])
    return path


def check(store: Store) -> None:
    """Check the entries, and the part of the past that is known."""
    assert dict(store.items()) == ENTRIES
    assert [change.revision for change in store.revisions_since(0)][: len(KEPT)] == KEPT
    assert store.entry("version").revision == 17
    sets = [one for one in store.change_sets() if one.origin is not None and one.origin.user == "alice"]
    assert [(one.origin.title if one.origin else "", one.revisions, one.forgotten > 0) for one in sets] == [
        ("set version", 1, False),
        ("clear --prefix deploy:", 3, False),
        ("count", 3, True),
        ("fill", 4, True),
    ]
    assert store.complete_since() == 10
    assert [entry.key for entry in store.entries_at(13)] == [
        "deploy:count", "deploy:limits", "deploy:live", "tls", "version"
    ]  # fmt: skip
    assert store.entry_at("deploy:count", 12).value == 7
    with pytest.raises(HistoryPruned):
        store.entries_at(9)
    with pytest.raises(KeyNotFound):
        store.entry_at("deploy:count", 17)
    clear = next(one for one in sets if one.first_revision == 14)
    assert {step.key: step.new for step in store.undo_steps(clear)} == {
        "deploy:count": 8, "deploy:limits": {"cpu": 2}, "deploy:live": True
    }  # fmt: skip
    held = store.lock("held")
    assert held is None or held.holder == "ci"


def test_it_is_read_without_being_changed(old: Path, version: int) -> None:
    before = files_of(old)
    for mode in ("read", "write"):
        with open_path(str(old), mode) as store:
            check(store)
    assert files_of(old)["agent.db"] == before["agent.db"]
    assert run_other(old, "PRAGMA user_version") == [[version]]


def test_the_first_write_upgrades_it_and_everything_stays(old: Path) -> None:
    with open_path(str(old), "write") as store, open_path(str(old)) as reader:
        check(reader)
        store.set("new", 1)
        store.delete("new")
        check(store)
        check(reader)
        store.set_origin(Origin("bob", "host", 1, "test", "undo", None, None))
        clear = next(one for one in store.change_sets() if one.first_revision == 14)
        assert store.undo(clear) == 3
        assert store.get("deploy:count") == 8
        assert reader.get("deploy:limits") == {"cpu": 2}
    assert run_other(old, "PRAGMA user_version") == [[NEWEST]]
    assert run_other(old, "PRAGMA integrity_check") == [["ok"]]


def test_an_upgraded_database_has_the_tables_of_a_new_one(old: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.db"
    schema = "SELECT name FROM sqlite_schema ORDER BY name"
    columns = (
        "SELECT tables.name, columns.name FROM sqlite_schema AS tables, "
        "pragma_table_info(tables.name) AS columns ORDER BY tables.name, columns.cid"
    )
    for path in (old, new):
        with open_path(str(path), "write") as store:
            store.set("key", 1)
    assert run_other(old, schema) == run_other(new, schema)
    assert run_other(old, columns) == run_other(new, columns)


@pytest.mark.parametrize(
    ("version", "in_the_way"), [(1, "sloth_secrets"), (2, "sloth_history_gone"), (3, "sloth_ttl_due")]
)
def test_an_upgrade_that_fails_changes_nothing(old: Path, version: int, in_the_way: str) -> None:
    run_other(old, f"CREATE TABLE {in_the_way} (something)")
    before = run_other(old, TABLES)
    with open_path(str(old), "write") as store, pytest.raises(DatabaseUnusable, match=in_the_way):
        store.set("key", 1)
    assert run_other(old, TABLES) == before
    assert run_other(old, "PRAGMA user_version") == [[version]]
    assert run_other(old, "SELECT count(*) FROM state") == [[2]]


def test_a_documented_database_can_be_rolled_back_to_what_it_was(path: Path) -> None:
    rows = [("old:a", "1"), ("old:b", "2")]
    run_other(
        path,
        DOCUMENTED,
        *[("INSERT INTO state (key, value) VALUES (?, ?)", key, value) for key, value in rows],
    )
    with open_path(str(path)) as reader:
        assert list(reader.change_sets()) == []
        assert {entry.key: entry.value for entry in reader.entries_at(0)} == dict(rows)
    with open_path(str(path), "write") as store:
        store.delete_prefix("old:")
        store.set("new", 1)
        assert {entry.key: entry.value for entry in store.entries_at(0)} == dict(rows)
        assert store.rollback(0) == 3
        assert dict(store.items()) == dict(rows)
