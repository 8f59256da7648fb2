"""A window over rows that no database holds: what it does is the same for every backend."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.model import Query, Term
from sloth_tui.store.rows import key_index, window
from sloth_tui.store.rows.window import IndexedWindow
from tests.store.rows.memory import MemorySource

if TYPE_CHECKING:
    from sloth_tui.store.port import Window


@pytest.fixture(autouse=True)
def small_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_index, "RUN", 4)


@pytest.fixture
def source() -> MemorySource:
    source = MemorySource()
    for number in range(30):
        source.put(f"user:{number:02}", "x" * (number % 7) + ("rare" if number == 17 else ""))
    for key in ("app/a", "app/b", "zebra"):
        source.put(key, key)
    return source


def keys(window: Window, generation: int, query: Query) -> list[str]:
    """Those that pass, after the query was asked under a new generation, or brought up to date."""
    window.supersede(generation)
    told = list(window.index(query, generation))
    assert told[-1][1], "not all"
    rows = window.page(generation, 0, 1000)
    assert rows is not None
    return [row.key for row in rows if row]


USERS = [f"user:{number:02}" for number in range(30)]
ALL = ["app/a", "app/b", *USERS, "zebra"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Query(), ALL),
        (Query(descending=True), ALL[::-1]),
        (Query(prefix="user:"), USERS),
        (Query(prefix="user:", key="1"), [key for key in USERS if "1" in key]),
        (Query(also=(Term("fuzzy", "ur9"),)), ["user:09", "user:19", "user:29"]),
        (Query(also=(Term("key", "user", inverse=True),)), ["app/a", "app/b", "zebra"]),
        (Query(value="rare"), ["user:17"]),
        (Query(value="app", descending=True), ["app/b", "app/a"]),
        (Query(sort="size", prefix="app"), ["app/a", "app/b"]),
        (Query(tree=True), ["app/", "user:", "zebra"]),
    ],
)
@pytest.mark.parametrize("rare_after", [60.0, -1.0], ids=["by key", "by search"])
def test_the_rows_that_pass_are_found_in_their_order(
    source: MemorySource,
    monkeypatch: pytest.MonkeyPatch,
    rare_after: float,
    query: Query,
    expected: list[str],
) -> None:
    monkeypatch.setattr(window, "RARE_AFTER_SECONDS", rare_after)
    shown = IndexedWindow(source)
    assert keys(shown, 1, query) == expected
    assert [shown.position(key, node=query.tree) for key in expected] == list(range(len(expected)))


def test_an_answer_follows_what_comes_and_goes(source: MemorySource) -> None:
    shown = IndexedWindow(source)
    query = Query(prefix="user:")
    assert keys(shown, 1, query) == USERS
    source.put("user:07a", "new")
    source.drop("user:20")
    source.put("user:01", "another value")
    expected = sorted({*USERS, "user:07a"} - {"user:20"})
    assert keys(shown, 1, query) == expected
    assert keys(shown, 2, query) == expected


def test_what_came_is_found_although_taking_it_in_was_broken_off(source: MemorySource) -> None:
    shown = IndexedWindow(source)
    assert keys(shown, 1, Query()) == ALL
    source.put("middle", "new")
    source.before_run = lambda: shown.supersede(2)
    assert list(shown.index(Query(), 1)) == []
    source.before_run = lambda: None
    assert keys(shown, 2, Query(key="middle")) == ["middle"]
    assert keys(shown, 3, Query()) == sorted([*ALL, "middle"])
