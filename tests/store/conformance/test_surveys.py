"""Looking over all entries, as every backend does it."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support import rounds

if TYPE_CHECKING:
    from sloth_tui.store.port import Store

_KEYS = st.lists(st.text("ab:/é\U0010ffff", min_size=1, max_size=6), max_size=25)


@settings(
    max_examples=rounds(20, 600),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(keys=_KEYS)
def test_groups_are_the_first_segments_with_their_counts(store: Store, keys: list[str]) -> None:
    store.delete_prefix("")
    store.set_many(dict.fromkeys(keys, 1))
    segments = [re.match("[^:/]*[:/]", key) for key in set(keys)]
    expected = Counter(segment[0] for segment in segments if segment)
    found = list(store.groups())
    assert [group.prefix for group in found] == sorted(expected, key=str.encode)
    # ``a/b:`` begins with ``a/``, and only there it counts: no key is in two groups.
    assert {group.prefix: group.keys for group in found} == dict(expected)


def test_top_entries_are_by_size_and_by_age(store: Store) -> None:
    assert store.top_entries("largest", 5) == []
    for key, value in (("b", "xxx"), ("a", "xxx"), ("c", "x" * 5000), ("d", "")):
        store.set(key, value)
    assert [(one.key, one.size) for one in store.top_entries("largest", 3)] == [
        ("c", 5000),
        ("a", 3),
        ("b", 3),
    ]
    times = [store.entry(key).updated_at for key in "abcd"]
    newest, oldest = store.top_entries("newest", 9), store.top_entries("oldest", 9)
    assert [one.updated_at for one in newest] == sorted(times, reverse=True, key=lambda at: at or 0)
    assert [one.updated_at for one in oldest] == sorted(times, key=lambda at: at or 0)
    assert {one.key for one in newest} == set("abcd")


def test_a_sound_store_has_no_problems(store: Store) -> None:
    assert store.problems() == []
    store.set("a", "x" * 10_000)
    assert store.problems() == []
