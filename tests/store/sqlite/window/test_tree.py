"""A tree shows what a look at every key would fold into it, at once, after folding and after changes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sloth_tui.model import Query
from sloth_tui.store.rows import key_tree
from tests.support import rounds

if TYPE_CHECKING:
    from sloth_tui.model import Row
    from sloth_tui.store.sqlite.store import SqliteStore
    from tests.store.sqlite.window.viewer import Viewer

_pieces = st.sampled_from(("a", "b", "c:", ":", "/", "a/", "é:", "\u202e", "!", "~"))
_keys = st.lists(_pieces, min_size=1, max_size=5).map("".join)
_folds = st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=6)
TREE = Query(tree=True)


def expected(keys: list[str], opened: set[str], prefix: str = "", depth: int = 0) -> list[tuple[object, ...]]:
    """Lines of the tree of these keys, which all begin with ``prefix``: key, depth, stem, count, open."""
    lines: list[tuple[object, ...]] = []
    seen = ""
    for key in keys:
        cut = re.search("[:/]", key[len(prefix) :])
        if cut is None:
            lines.append((key, depth, len(prefix), None, False))
            continue
        node = key[: len(prefix) + cut.end()]
        if node != seen:
            seen = node
            inside = [other for other in keys if other.startswith(node)]
            lines.append((node, depth, len(prefix), len(inside), node in opened))
            if node in opened:
                lines += expected(inside, opened, node, depth + 1)
    return lines


def shown(rows: list[Row | None]) -> list[tuple[object, ...]]:
    return [(row.key, row.depth, row.stem, row.keys, row.open) if row else (None,) for row in rows]


def in_order(store: SqliteStore, part: str = "") -> list[str]:
    keys = list(store.keys())
    return [key for key in keys if part in key]


@pytest.mark.slow
def test_a_tree_folds_what_a_look_at_every_key_would(store: SqliteStore, view: Viewer) -> None:
    @settings(max_examples=rounds(30, 1500))
    @given(st.sets(_keys, max_size=60), _folds, st.sampled_from(("", "a", "c")))
    def check(keys: set[str], folds: list[tuple[int, bool]], part: str) -> None:
        store.delete_prefix("")
        store.set_many(dict.fromkeys(keys, "b"))
        opened = {prefix.decode() for prefix in view.window._opened}
        rows = view.ask(TREE._replace(key=part))
        for number, opening in folds:
            assert shown(rows) == expected(in_order(store, part), opened)
            nodes = [row for row in rows if row and row.keys is not None]
            if nodes:
                node = nodes[number % len(nodes)]
                view.window.fold(node.key, opened=opening)
                opened = opened | {node.key} if opening else opened - {node.key}
                rows = view.again()
        assert shown(rows) == expected(in_order(store, part), opened)
        for place, row in enumerate(rows):
            assert row is not None
            assert view.window.position(row.key, node=row.keys is not None) == place
            if row.keys is not None:
                inside = view.window.keys_below(row.key, 100)
                assert inside == [key for key in in_order(store, part) if key.startswith(row.key)]
        assert view.window.passing == len(in_order(store, part))

    check()


_changes = st.lists(st.tuples(st.booleans(), _keys), max_size=6)


@pytest.mark.slow
def test_a_tree_follows_the_changes_of_others(store: SqliteStore, view: Viewer) -> None:
    @settings(max_examples=rounds(30, 1000))
    @given(st.sets(_keys, max_size=60), st.sets(_keys, max_size=8), st.lists(_changes, max_size=3))
    def check(keys: set[str], revealed: set[str], rounds: list[list[tuple[bool, str]]]) -> None:
        store.delete_prefix("")
        store.set_many(dict.fromkeys(keys, "b"))
        for key in revealed:
            view.window.reveal(key)
        opened = {prefix.decode() for prefix in view.window._opened}
        view.ask(TREE)
        for changes in rounds:
            for adds, key in changes:
                if adds:
                    store.set(key, "b")
                else:
                    store.delete(key)
            assert shown(view.again()) == expected(in_order(store), opened)

    check()


def test_a_key_in_a_closed_node_is_where_that_is_and_can_be_revealed(
    store: SqliteStore, view: Viewer
) -> None:
    store.set_many(dict.fromkeys(("a:b:c", "a:b:d", "e"), "1"))
    view.ask(TREE)
    assert view.window.position("a:b:d") == 0
    view.window.reveal("a:b:d")
    assert [row.key for row in view.again() if row] == ["a:", "a:b:", "a:b:c", "a:b:d", "e"]
    assert view.window.position("a:b:d") == 3
    assert view.window.position("a:x") is None
    assert view.window.position("x:", node=True) is None
    assert view.window.keys_between("e", "a:b:d", 10) == ["a:b:d", "e"]


def test_keys_made_to_be_deep_are_folded_so_far_and_no_further(
    store: SqliteStore, view: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_tree, "MAX_DEPTH", 3)
    store.set_many({":" * 200: "1", ":" * 200 + "x": "1"})
    view.ask(TREE)
    view.window.reveal(":" * 200)
    assert shown(view.again())[3:] == [(":" * 200, 3, 3, None, False), (":" * 200 + "x", 3, 3, None, False)]
