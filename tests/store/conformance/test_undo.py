"""Change sets, and taking them back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import Conflict, HistoryPruned, RevisionNotFound
from sloth_tui.model import Origin, Step
from tests.store.conformance.samples import VALUES, identical

if TYPE_CHECKING:
    from sloth_tui.model import ChangeSet, Value
    from sloth_tui.store.port import Store


def origin(title: str, run: str | None = None, task: str | None = None) -> Origin:
    return Origin("alice", "host", 1, "sloth-runner", title, run, task)


def begin(store: Store, title: str, run: str | None = None, task: str | None = None) -> None:
    store.set_origin(origin(title, run, task))


def undo_last(store: Store, *, force: bool = False) -> int:
    change = store.newest_change_set()
    begin(store, f"undo {change.id}")
    return store.undo(change, force=force)


def titles(store: Store, prefix: str = "") -> list[str]:
    return [found.origin.title for found in store.change_sets(prefix=prefix) if found.origin is not None]


def by_title(store: Store, title: str) -> ChangeSet:
    return next(one for one in store.change_sets() if one.origin is not None and one.origin.title == title)


def test_an_empty_store_has_no_change_sets(store: Store) -> None:
    assert list(store.change_sets()) == []
    with pytest.raises(RevisionNotFound):
        store.newest_change_set()


def test_change_sets_come_newest_first_with_what_they_hold(store: Store) -> None:
    begin(store, "fill")
    store.set_many({"a": 1, "b": 1})
    begin(store, "nothing")
    store.set("a", 1)
    begin(store, "more")
    store.set("a", 2)
    store.delete("b")
    newest, oldest = store.change_sets()
    assert (oldest.origin, newest.origin) == (origin("fill"), origin("more"))
    assert (oldest.first_revision, oldest.last_revision, oldest.revisions) == (1, 2, 2)
    assert (newest.first_revision, newest.last_revision, newest.revisions) == (3, 4, 2)
    assert store.change_set(oldest.id) == oldest
    assert store.newest_change_set() == newest


def test_many_change_sets_are_all_listed_once(store: Store) -> None:
    for number in range(150):
        begin(store, f"set {number}")
        store.set(f"{number % 2}:{number}", number)
    assert titles(store) == [f"set {number}" for number in range(149, -1, -1)]
    assert titles(store, "1:") == [f"set {number}" for number in range(149, 0, -2)]


@pytest.mark.parametrize("name", ["407f3c22a1de", "407362251199"], ids=["hexadecimal", "digits only"])
def test_a_run_is_one_change_set_whatever_tasks_it_has(store: Store, other: Store, name: str) -> None:
    begin(store, "run x.lua", name, "one")
    store.set("a", 1)
    begin(other, "between")
    other.set("b", 1)
    begin(store, "run x.lua", name, "two")
    store.set("c", 1)
    store.set("a", 2)
    assert titles(store) == ["between", "run x.lua"]
    run = store.change_set(name)
    assert (run.revisions, run.first_revision, run.last_revision) == (3, 1, 4)
    begin(other, "undo")
    assert other.undo(run) == 2
    assert dict(store.items()) == {"b": 1}


@pytest.mark.parametrize("name", ["7", "x7", "nobody", "", "-1", "9" * 30])
def test_a_change_set_that_is_not_there_is_told(store: Store, name: str) -> None:
    store.set("a", 1)
    with pytest.raises(RevisionNotFound):
        store.change_set(name)


def test_undo_gives_every_value_back_as_it_was(store: Store) -> None:
    before: dict[str, Value] = {f"key:{number}": value for number, value in enumerate(VALUES)}
    begin(store, "fill")
    store.set_many(before)
    begin(store, "clear")
    store.delete_prefix("key:")
    assert undo_last(store) == len(VALUES)
    assert identical(dict(store.items()), dict(sorted(before.items())))
    begin(store, "overwrite")
    store.set_many(dict.fromkeys(before, "other"))
    undo_last(store)
    assert identical(dict(store.items()), dict(sorted(before.items())))


def test_undoing_an_undo_is_redo(store: Store) -> None:
    begin(store, "fill")
    store.set_many({"a": 1, "b": [1]})
    begin(store, "change")
    store.set("a", 2)
    store.delete("b")
    store.set("c", 3)
    changed = dict(store.items())
    for expected in ({"a": 1, "b": [1]}, changed, {"a": 1, "b": [1]}):
        undo_last(store)
        assert dict(store.items()) == expected


def test_several_change_sets_can_be_taken_back_one_after_the_other(store: Store) -> None:
    for number in range(4):
        begin(store, f"set {number}")
        store.set("key", number)
    for number in (3, 2, 1):
        begin(store, "undo")
        store.undo(by_title(store, f"set {number}"))
        assert store.get("key") == number - 1
    begin(store, "undo")
    store.undo(by_title(store, "set 0"))
    assert not store.exists("key")


def test_undo_refuses_if_another_change_set_changed_a_key_since_and_names_it(
    store: Store, other: Store
) -> None:
    begin(store, "fill")
    store.set_many({f"key:{number}": 1 for number in range(9)})
    other.set_many({f"key:{number}": 2 for number in range(7)})
    change = by_title(store, "fill")
    revision = store.revision()
    begin(store, "undo")
    with pytest.raises(Conflict, match=r"changed since: key:0, key:1, .*and 2 more"):
        store.undo(change)
    assert store.revision() == revision
    assert [step.obstacle for step in store.undo_steps(change)] == ["changed"] * 7 + [None] * 2
    assert store.undo(change, force=True) == 9
    assert store.count() == 0


def test_a_change_by_others_in_the_midst_of_a_set_is_a_conflict(store: Store, other: Store) -> None:
    begin(store, "mine")
    store.set("key", 1)
    other.set("key", 2)
    store.set("key", 3)
    change = by_title(store, "mine")
    with pytest.raises(Conflict):
        other.undo(change)


def test_a_change_that_was_itself_undone_is_not_a_conflict(store: Store, other: Store) -> None:
    begin(store, "first")
    store.set("key", 1)
    begin(other, "second")
    other.set("key", 2)
    undo_last(store)
    begin(store, "undo")
    assert store.undo(by_title(store, "first")) == 1
    assert store.count() == 0


def test_a_key_that_is_already_as_it_was_is_left_alone(store: Store, other: Store) -> None:
    begin(store, "fill")
    store.set_many({"a": 1, "b": 1})
    begin(store, "delete")
    store.delete_many(["a", "b"])
    other.set("a", 1)
    change = by_title(store, "delete")
    revision = store.entry("a").revision
    assert list(store.undo_steps(change)) == [Step("b", None, 1, None)]
    assert store.undo(change) == 1
    assert store.entry("a").revision == revision


def test_steps_tell_what_would_happen_and_change_nothing(store: Store) -> None:
    begin(store, "fill")
    store.set_many({"a": 1, "b": b"\xff", "c": "x"})
    begin(store, "change")
    store.set("a", 2)
    store.delete("b")
    store.set("d", True)
    revision = store.revision()
    assert list(store.undo_steps(store.newest_change_set())) == [
        Step("a", 2, 1, None),
        Step("b", None, b"\xff", None),
        Step("d", True, None, None),
    ]
    assert store.revision() == revision


def test_a_change_set_of_which_part_is_forgotten_says_so(store: Store) -> None:
    begin(store, "busy")
    for number in range(10):
        store.set("key", number)
    store.set("other", 1)
    store.prune(keep=3, keep_deleted_days=90)
    change = store.newest_change_set()
    assert (change.revisions, change.forgotten) == (4, 7)
    with pytest.raises(HistoryPruned, match="7 of its revisions are no longer kept"):
        store.undo(change)
    assert [step.obstacle for step in store.undo_steps(change)] == ["forgotten", None]
    begin(store, "undo")
    assert store.undo(change, force=True) == 1
    assert dict(store.items()) == {"key": 9}


def test_a_change_set_of_which_nothing_is_left_says_so(store: Store) -> None:
    begin(store, "old")
    store.set("key", 1)
    begin(store, "new")
    store.set("key", 2)
    store.set("last", 1)
    old = by_title(store, "old")
    store.compact(keep=1)
    with pytest.raises(HistoryPruned):
        store.change_set(old.id)
    assert titles(store) == ["new"]


def test_rollback_makes_keys_what_they_were(store: Store) -> None:
    begin(store, "fill")
    store.set_many({"a:1": 1, "a:2": 2, "b:1": 1})
    then = store.revision()
    begin(store, "change")
    store.set("a:1", 9)
    store.delete("a:2")
    store.set("a:3", 3)
    store.set("b:1", 9)
    assert [step.key for step in store.rollback_steps(then, prefix="a:")] == ["a:1", "a:2", "a:3"]
    begin(store, "rollback")
    assert store.rollback(then, key="a:1") == 1
    assert dict(store.items()) == {"a:1": 1, "a:3": 3, "b:1": 9}
    assert store.rollback(then, prefix="a:") == 2
    assert dict(store.items()) == {"a:1": 1, "a:2": 2, "b:1": 9}
    assert store.rollback(then) == 1
    assert store.rollback(then) == 0
    assert store.rollback(0) == 3
    assert store.count() == 0
    assert titles(store) == ["rollback", "change", "fill"]


def test_rollback_does_not_go_past_what_is_kept_or_there(store: Store) -> None:
    for number in range(10):
        store.set("busy", number)
    store.set("quiet", 1)
    then = store.revision()
    store.set("quiet", 2)
    store.prune(keep=3, keep_deleted_days=90)
    for refused, error in ((3, HistoryPruned), (99, RevisionNotFound)):
        with pytest.raises(error):
            store.rollback(refused)
    assert store.rollback(1, prefix="quiet") == 1
    assert store.rollback(then) == 0 or store.get("quiet") == 1


def test_a_secret_leaves_no_old_value_behind(store: Store) -> None:
    store.set("login", "first")
    store.set("login", "second")
    store.mark_secret("login")
    store.set("login", "third")
    then = store.revision()
    begin(store, "delete")
    store.delete("login")
    assert [(change.old, change.new, change.secret) for change in store.revisions("login")] == [
        (None, None, True)
    ] * 4
    assert [change.operation for change in store.revisions("login")] == ["delete", "set", "set", "set"]
    with pytest.raises(HistoryPruned, match="secret"):
        store.entry_at("login", then)
    with pytest.raises(Conflict, match="login"):
        store.undo(store.newest_change_set())
    with pytest.raises(Conflict, match="login"):
        store.rollback(then)
    assert store.rollback(then, force=True) == 0
    assert not store.exists("login")


def test_a_secret_takes_no_other_key_with_it(store: Store) -> None:
    store.set_many({"login": "hidden", "a": 1, "b": [2]})
    store.mark_secret("login")
    begin(store, "clear")
    store.delete_prefix("")
    cleared = store.newest_change_set()
    assert [(change.key, change.old) for change in store.revisions_since(3)] == [
        ("a", 1),
        ("b", [2]),
        ("login", None),
    ]
    begin(store, "undo")
    assert store.undo(cleared, force=True) == 2
    begin(store, "change")
    then = store.revision()
    store.set_many({"a": 3, "b": 4})
    begin(store, "rollback")
    assert store.rollback(then) == 2
    assert store.undo(store.newest_change_set()) == 2
    assert dict(store.items()) == {"a": 3, "b": 4}


def test_undo_rolls_back_with_the_transaction_around_it(store: Store) -> None:
    begin(store, "fill")
    store.set_many({"a": 1, "b": 2})
    change, revision = store.newest_change_set(), store.revision()
    begin(store, "undo")
    with pytest.raises(ZeroDivisionError), store.transaction():
        _ = store.undo(change) / 0
    assert dict(store.items()) == {"a": 1, "b": 2}
    assert store.revision() == revision
    store.set("c", 3)
    assert [(change.key, change.new) for change in store.revisions_since(revision)] == [("c", 3)]
