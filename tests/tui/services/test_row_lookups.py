"""Questions about the rows of the newest query."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, cast

import pytest

from sloth_tui.errors import Interrupted
from sloth_tui.tui.services.row_lookups import RowLookups

if TYPE_CHECKING:
    from sloth_tui.store.port import Window


class FakeWindow:
    """Five keys, two of them below ``n:``."""

    KEYS = ("a", "b", "n:1", "n:2", "z")

    def keys(self, first: int, count: int) -> list[str]:
        return list(self.KEYS[first : first + count])

    def keys_between(self, one: str, other: str, count: int) -> list[str]:
        low, high = sorted((one, other))
        return [key for key in self.KEYS if low <= key <= high][:count]

    def keys_below(self, prefix: str, count: int) -> list[str]:
        return [key for key in self.KEYS if key.startswith(prefix)][:count]

    def position(self, key: str, *, node: bool) -> int | None:
        return 2 if node and key == "n:" else None

    def existing(self, keys: list[str]) -> frozenset[str]:
        return frozenset(keys) & frozenset(self.KEYS)


WINDOW = cast("Window", FakeWindow())


def answer(lookups: RowLookups, window: Window | None) -> None:
    assert lookups.waiting
    for call in lookups.take():
        call(window)
    assert not lookups.waiting


def test_questions_wait_until_the_rows_are_known_and_are_answered_from_them() -> None:
    lookups = RowLookups(threading.Condition())
    keys, between = lookups.keys(2), lookups.keys_between("n:2", "b", 9)
    below, node = lookups.keys_below("n:", 0), lookups.find_node("n:")
    existing = lookups.existing(["b", "c"])
    assert not any(future.done() for future in (keys, between, below, node, existing))
    answer(lookups, WINDOW)
    # One more than asked for: then there are too many.
    assert keys.result() == ["a", "b", "n:1"]
    assert between.result() == ["b", "n:1", "n:2"]
    assert below.result() == ["n:1"]
    assert node.result() == 2
    assert existing.result() == {"b"}


def test_without_rows_a_question_is_interrupted() -> None:
    lookups = RowLookups(threading.Condition())
    keys = lookups.keys(2)
    answer(lookups, None)
    with pytest.raises(Interrupted):
        keys.result()


def test_a_question_that_is_not_waited_for_any_more_is_not_asked() -> None:
    lookups = RowLookups(threading.Condition())
    given_up, kept = lookups.keys(1), lookups.keys(0)
    assert given_up.cancel()
    answer(lookups, WINDOW)
    assert given_up.cancelled()
    assert kept.result() == ["a"]
