"""Patterns of keys mean the same in every backend."""

from __future__ import annotations

import random

import apsw
import pytest

from sloth_tui.store.history.patterns import compiled
from tests.support import rounds


def matches(pattern: str, text: str) -> bool:
    found = compiled(pattern)
    return found is not None and found.fullmatch(text) is not None


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("deploy:*", "deploy:a\nb", True),
        ("*token*", "a:Token", False),
        ("a?c", "aéc", True),
        ("a?c", "ac", False),
        ("[a-c]x", "bx", True),
        ("[^a-c]x", "bx", False),
        ("[]a]", "]", True),
        ("[a", "[a", False),
        ("a.c", "abc", False),
    ],
)
def test_a_pattern_matches_whole_keys(pattern: str, text: str, *, expected: bool) -> None:
    assert matches(pattern, text) is expected


def test_patterns_mean_what_sqlite_makes_of_them() -> None:
    chance, database = random.Random(7), apsw.Connection(":memory:")
    for _ in range(rounds(3000, 100_000)):
        pattern = "".join(chance.choices("ab-[]^*?é!\\.", k=chance.randint(0, 8)))
        text = "".join(chance.choices("ab-[]^é!\\.\n", k=chance.randint(0, 5)))
        expected = bool(database.execute("SELECT ? GLOB ?", (text, pattern)).get)
        assert matches(pattern, text) is expected, (pattern, text)
