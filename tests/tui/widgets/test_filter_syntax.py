"""What is typed into the filter, and what it asks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sloth_tui.model import Query, Term
from sloth_tui.tui.widgets.key_table.filter_syntax import format_filter, lets_all_through, parse_filter


@pytest.mark.parametrize(
    ("typed", "query"),
    [
        ("", Query()),
        ("nginx", Query(key="nginx")),
        ("100%_", Query(key="100%_")),
        ("^pkg:", Query(prefix="pkg:")),
        ("=1.2", Query(value="1.2")),
        ("~ngx", Query(also=(Term("fuzzy", "ngx"),))),
        ("!tmp", Query(also=(Term("key", "tmp", True),))),
        ("!^tmp:", Query(also=(Term("prefix", "tmp:", True),))),
        ("!=off", Query(also=(Term("value", "off", True),))),
        ("!~ab", Query(also=(Term("fuzzy", "ab", True),))),
        ("^", Query()),
        ("!", Query()),
        ("! ^ = ~ !~", Query()),
        ("!!a", Query(also=(Term("key", "!a", True),))),
        ("\\^x", Query(key="^x")),
        ("\\=x", Query(key="=x")),
        ("\\!x", Query(key="!x")),
        ("\\~x", Query(key="~x")),
        ("\\\\x", Query(key="\\x")),
        ("\\x", Query(key="\\x")),
        ("x\\", Query(key="x\\")),
        ("a\\ b", Query(key="a b")),
        ("=a\\ b", Query(value="a b")),
        ("a^b=c!~d", Query(key="a^b=c!~d")),
        (" a ", Query(key="a")),
        ("^pkg: nginx =1 !old", Query("pkg:", "nginx", "1", also=(Term("key", "old", True),))),
        ("a b ^c ^d", Query("c", "a", also=(Term("key", "b"), Term("prefix", "d")))),
    ],
)
def test_a_sign_in_front_says_where_to_look(typed: str, query: Query) -> None:
    assert parse_filter(typed) == query
    assert lets_all_through(query) == (query == Query())


_texts = st.one_of(st.text(max_size=5), st.text("^=~! \\ab", max_size=6))
_terms = st.builds(
    Term, st.sampled_from(("prefix", "key", "value", "fuzzy")), _texts.filter(bool), st.booleans()
)


@given(_texts, _texts, _texts, st.lists(_terms, max_size=4))
def test_every_query_can_be_typed(prefix: str, key: str, value: str, terms: list[Term]) -> None:
    given_kinds = {kind for kind, text in (("prefix", prefix), ("key", key), ("value", value)) if text}
    also = tuple(term for term in terms if term.inverse or term.kind == "fuzzy" or term.kind in given_kinds)
    query = Query(prefix, key, value, also=also)
    assert parse_filter(format_filter(query)) == query


@given(_texts)
def test_whatever_is_typed_means_what_it_is_written_as(typed: str) -> None:
    query = parse_filter(typed)
    assert parse_filter(format_filter(query)) == query
