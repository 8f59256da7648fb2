"""Every query finds what a look at every entry finds, at once and after changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sloth_tui.model import SORT_COLUMNS, Query, Term
from sloth_tui.store.rows import key_index, window
from tests.store.sqlite.window.viewer import stored
from tests.support import rounds

if TYPE_CHECKING:
    from sloth_tui.model import Entry
    from sloth_tui.store.sqlite.store import SqliteStore
    from tests.store.sqlite.window.viewer import Viewer

pytestmark = pytest.mark.slow


_PIECES = (
    "a",
    "b",
    "A",
    ":",
    "/",
    "%",
    "_",
    "*",
    "]",
    "^",
    "\n",
    "\x1b",
    "é",
    "世",
    "👋",
    "\u202e",
    "\x7f",
    "ÿ",
    "\x01",
)
_keys = st.lists(st.sampled_from(_PIECES), min_size=1, max_size=6).map("".join)
_values = st.one_of(_keys, st.integers(-5, 5), st.booleans(), st.binary(max_size=3), st.just({"a": [1, "b"]}))
_texts = st.one_of(st.just(""), _keys.map(lambda key: key[:2]))
_terms = st.builds(
    Term, st.sampled_from(("prefix", "key", "value", "fuzzy")), _texts.filter(bool), st.booleans()
)
_queries = st.builds(
    Query,
    _texts,
    _texts,
    _texts,
    st.sampled_from(SORT_COLUMNS),
    st.booleans(),
    st.lists(_terms, max_size=2).map(tuple),
    st.just(False),
)


def holds(term: Term, entry: Entry) -> bool:
    key, text = entry.key, term.text
    if term.kind == "value":
        return text.encode() in stored(entry.value)
    if term.kind == "fuzzy":
        if text == text.lower():
            key = key.lower()
        rest = iter(key)
        return all(character in rest for character in text)
    return key.startswith(text) if term.kind == "prefix" else text in key


def expected(store: SqliteStore, query: Query) -> list[str]:
    """What a look at every entry would find."""
    found = [
        entry
        for entry in store.entries()
        if entry.key.startswith(query.prefix)
        and query.key in entry.key
        and query.value.encode() in stored(entry.value)
        and all(holds(term, entry) != term.inverse for term in query.also)
    ]
    order = {
        "key": lambda entry: (),
        "type": lambda entry: entry.type,
        "size": lambda entry: entry.size,
        "updated": lambda entry: entry.updated_at,
        "revision": lambda entry: entry.revision,
    }[query.sort]
    found.sort(key=lambda entry: entry.key.encode(), reverse=query.sort == "key" and query.descending)
    found.sort(key=order, reverse=query.descending)
    return [entry.key for entry in found]


@pytest.mark.parametrize(("room", "rare_after"), [(key_index.MAX_BYTES, 60.0), (0, 60.0), (30, -1.0)])
def test_every_query_finds_what_a_look_at_every_entry_finds(
    store: SqliteStore, view: Viewer, room: int, rare_after: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when there is no room to keep all keys in memory, and where values are searched at once."""
    monkeypatch.setattr(key_index, "MAX_BYTES", room)
    monkeypatch.setattr(window, "RARE_AFTER_SECONDS", rare_after)

    @settings(max_examples=rounds(15, 1500))
    @given(st.dictionaries(_keys, _values, min_size=0, max_size=40), st.lists(_queries, max_size=6))
    def check(entries: dict[str, object], queries: list[Query]) -> None:
        store.delete_prefix("")
        store.set_many(entries)  # type: ignore[arg-type]  # a value of each type
        for query in queries:
            rows = view.ask(query)
            assert [row.key if row else None for row in rows] == expected(store, query)
            for place, row in enumerate(rows):
                assert row is not None
                assert view.window.position(row.key) == place

    check()


_changes = st.lists(
    st.one_of(
        st.tuples(st.just("set"), _keys, _values),
        st.tuples(st.just("delete"), _keys, st.just(0)),
        st.tuples(st.just("clear"), _keys.map(lambda key: key[:1]), st.just(0)),
    ),
    max_size=8,
)


def test_an_answer_follows_the_changes_of_others(store: SqliteStore, view: Viewer) -> None:
    @settings(max_examples=rounds(15, 1500))
    @given(st.sets(_keys, max_size=60), _queries, st.lists(_changes, max_size=4))
    def check(keys: set[str], query: Query, rounds: list[list[tuple[str, str, object]]]) -> None:
        store.delete_prefix("")
        store.set_many(dict.fromkeys(keys, "b"))
        view.ask(query)
        for changes in rounds:
            for what, key, value in changes:
                if what == "set":
                    store.set(key, value)  # type: ignore[arg-type]  # a value of each type
                elif what == "delete":
                    store.delete(key)
                else:
                    store.delete_prefix(key)
            assert view.keys() == expected(store, query)

    check()
