"""Numbers as a picture, and values against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from sloth_tui.model import Revision
from sloth_tui.text import display_text
from sloth_tui.tui.widgets.detail.difference import ABSENT, compare, paint
from sloth_tui.tui.widgets.detail.plot import draw_bars, find_points
from tests.tui.test_values import values

if TYPE_CHECKING:
    from sloth_tui.model import Value

floats = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(floats, min_size=1, max_size=300), st.integers(1, 120), st.integers(1, 20))
def test_bars_fill_their_room_and_never_leave_it(numbers: list[float], width: int, height: int) -> None:
    drawn = draw_bars(numbers, width, height)
    assert len(drawn) == height
    assert all(len(line) == width for line in drawn)


def test_bars_rise_with_their_numbers() -> None:
    assert draw_bars([0, 1, 2], 3, 2) == [" ▁█", "▁██"]
    assert draw_bars([1, 3], 5, 1) == ["▁▁▁██"]
    assert draw_bars([5, 5], 2, 2) == ["  ", "██"]


def test_what_is_a_number_is_told_from_what_only_looks_so() -> None:
    numbers: list[Value] = [3, 0.5, "12", "-1.5", "1e3"]
    others: list[Value | None] = [True, None, "nan", "inf", "1_0", "", "v1", "٣", "1" * 50, b"1", [1]]
    revisions = [
        Revision(at, "k", float(at), "set", None, value, None, None)
        for at, value in enumerate([*numbers, *others])
    ]
    assert find_points(revisions[::-1]) == [(0.0, 3.0), (1.0, 0.5), (2.0, 12.0), (3.0, -1.5), (4.0, 1000.0)]


@given(values, values)
def test_a_difference_says_what_went_and_what_came(old: object, new: object) -> None:
    pieces = compare(old, new)  # type: ignore[arg-type]
    for piece in pieces:
        assert display_text(piece.text) == piece.text
        assert piece.text in paint(piece).plain
    assert bool(compare(old, old)) is False  # type: ignore[arg-type]


def test_differences_read_well() -> None:
    signs = [
        (piece.sign, piece.text) for piece in compare({"a": 1, "b": [1, 2, 3]}, {"a": 2, "b": [1, 2, 3]})
    ]
    assert signs[:3] == [(" ", "{"), ("-", '  "a": 1,'), ("+", '  "a": 2,')]
    assert signs[-1] == ("~", "⋯ 4 lines the same")
    assert [piece.part for piece in compare("v1.2.3", "v1.2.4")] == [(5, 6), (5, 6)]
    assert [(piece.sign, piece.text) for piece in compare(None, "x")] == [("-", ABSENT), ("+", "x")]
    assert compare(1, "1") == []
    assert compare("x" * 100_000, "y" * 100_000)[-1].text == "only the beginning is compared"
