"""Change sets of programs that know nothing of us."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import Conflict, RevisionNotFound
from sloth_tui.store import open_path
from tests.store.sqlite.others import make_ours, run_other

if TYPE_CHECKING:
    from pathlib import Path

    from sloth_tui.model import ChangeSet
    from sloth_tui.store.port import Store

SET = "INSERT OR REPLACE INTO state (key, value) VALUES (?, ?)"
LONG_AGO = "UPDATE sloth_history SET at = at - 60000"


def shapes(store: Store) -> list[tuple[str, int]]:
    return [("external" if one.origin is None else "ours", one.revisions) for one in store.change_sets()]


def external(store: Store) -> ChangeSet:
    return next(one for one in store.change_sets() if one.origin is None)


def test_what_they_write_in_one_go_is_one_set(path: Path) -> None:
    make_ours(path)
    run_other(path, (SET, "a", "1"), (SET, "b", "1"), ("UPDATE state SET value = 'x' WHERE key = 'key'",))
    run_other(path, LONG_AGO)
    run_other(path, (SET, "c", "1"))
    with open_path(str(path), "write") as store:
        store.set("d", 1)
        assert shapes(store) == [("ours", 1), ("external", 1), ("external", 3), ("ours", 1)]
        older = [one for one in store.change_sets() if one.origin is None][1]
        assert older.id == f"x{older.first_revision}"
        assert store.change_set(older.id) == older
        assert store.undo(older) == 3
        assert dict(store.items()) == {"c": "1", "d": 1, "key": "value"}


def test_what_they_deleted_comes_back_with_its_types(path: Path) -> None:
    with open_path(str(path), "write") as store:
        store.set_many({"n": 1, "t": [1, {"a": None}], "b": b"\xff", "s": "text"})
        before = dict(store.items())
        run_other(path, "DELETE FROM state")
        assert store.undo(external(store)) == 4
        assert repr(dict(store.items())) == repr(before)


def test_what_they_changed_since_is_a_conflict(path: Path) -> None:
    make_ours(path)
    with open_path(str(path), "write") as store:
        ours = store.newest_change_set()
        run_other(path, (SET, "key", "theirs"))
        with pytest.raises(Conflict, match="changed since: key"):
            store.undo(ours)
        assert store.undo(external(store)) == 1
        assert store.get("key") == "value"


def test_a_listing_by_prefix_has_those_that_touched_it(path: Path) -> None:
    make_ours(path)
    run_other(path, (SET, "a:1", "1"))
    with open_path(str(path)) as store:
        assert [one.origin is None for one in store.change_sets(prefix="a:")] == [True]
        assert [one.origin is None for one in store.change_sets(prefix="key")] == [False]
        assert list(store.change_sets(prefix="b")) == []


def test_an_id_of_theirs_that_is_ours_is_told(path: Path) -> None:
    make_ours(path)
    with open_path(str(path)) as store, pytest.raises(RevisionNotFound):
        store.change_set("x1")


def test_a_secret_of_ours_stays_one_when_they_write(path: Path, base: Path) -> None:
    base.mkdir()
    (base / "config.toml").write_text('[history]\nsecret = ["*:password"]\n')
    with open_path(str(path), "write") as store:
        store.set_many({"db:password": "one", "marked": "one", "plain": "one"})
        store.mark_secret("marked")
    for key in ("db:password", "marked", "plain"):
        run_other(path, (SET, key, "two"))
        run_other(path, ("UPDATE state SET value = 'three' WHERE key = ?", key))
        run_other(path, ("DELETE FROM state WHERE key = ?", key))
    kept = run_other(path, "SELECT DISTINCT key FROM sloth_history WHERE length(old) > 0 ORDER BY key")
    assert kept == [["plain"]]
    with open_path(str(path)) as store:
        assert {change.key for change in store.revisions_since(0) if change.secret} == {
            "db:password",
            "marked",
        }
