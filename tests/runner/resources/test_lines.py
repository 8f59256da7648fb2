"""Lines as a pure function: what is asked for is there, and nothing else has moved."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sloth_tui.errors import UsageError
from sloth_tui.runner.resources.lines import NOWHERE, bare, split, with_line, without_line
from tests.support import rounds

pieces = st.sampled_from([b"a", b"b = 1", b"b = 2", b"#b = 1", b"", b" b", b"x\ty ", b"\xff", b"a\r"])
ends = st.sampled_from([b"\n", b"\r\n"])


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    lines = draw(st.lists(st.tuples(pieces, ends), max_size=8))
    text = b"".join(line + end for line, end in lines)
    return text + draw(st.sampled_from([b"", b"last", b"b = 1", b"#b = 1"]))


wanted = st.sampled_from([b"b = 1", b"b = 2", b"b =", b"c", b"a", b"&", b"\\1", b"%1", b"/'\"$x"])


def matching(text: bytes, line: bytes) -> list[int]:
    """The numbers of the lines that set b, as a pattern finds them, if the line does so too."""
    return [number for number, found in enumerate(split(text)) if bare(found).lstrip(b"#").startswith(b"b =")]


def others(text: bytes, line: bytes) -> list[bytes]:
    """The lines that no match and no equality concerns, without what a last line lacks."""
    kept = [found for found in split(text) if bare(found) != line and not matching(found, line)]
    return [bare(found) for found in kept]


@pytest.mark.slow
@given(texts(), wanted)
@settings(max_examples=rounds(60, 2000))
def test_a_second_time_changes_nothing(text: bytes, line: bytes) -> None:
    once = with_line(text, line)
    assert with_line(once, line) == once
    assert line in [bare(found) for found in split(once)]


@pytest.mark.slow
@given(texts(), st.sampled_from([b"b = 1", b"b = 2", b"b ="]))
@settings(max_examples=rounds(60, 2000))
def test_with_a_match_a_second_time_changes_nothing_and_one_line_is_left(text: bytes, line: bytes) -> None:
    once = with_line(text, line, matches=matching(text, line), every=True)
    assert with_line(once, line, matches=matching(once, line), every=True) == once
    assert [bare(found) for found in split(once) if matching(found, line)] == [line]
    assert others(once, line) == others(text, line)


@pytest.mark.slow
@given(texts(), wanted)
@settings(max_examples=rounds(60, 2000))
def test_no_other_line_is_touched(text: bytes, line: bytes) -> None:
    before = [found for found in split(text) if bare(found) != line]
    after = [found for found in split(with_line(text, line)) if bare(found) != line]
    assert [bare(found) for found in after] == [bare(found) for found in before]
    # Only the last may have got the line end that it lacked.
    assert after[:-1] == before[:-1]


@pytest.mark.slow
@given(texts(), wanted)
@settings(max_examples=rounds(60, 2000))
def test_absent_undoes_present(text: bytes, line: bytes) -> None:
    if line in [bare(found) for found in split(text)]:
        return
    undone = without_line(with_line(text, line), line)
    assert undone == text or (undone.rstrip(b"\r\n") == text and not text.endswith(b"\n"))


@given(texts(), wanted)
@settings(max_examples=rounds(40, 1000))
def test_absent_a_second_time_changes_nothing(text: bytes, line: bytes) -> None:
    once = without_line(text, line)
    assert without_line(once, line) == once
    assert line not in [bare(found) for found in split(once)]


@pytest.mark.parametrize(
    ("text", "line", "place", "result"),
    [
        (b"", b"x", None, b"x\n"),
        (b"a", b"x", None, b"a\nx\n"),
        (b"a\r\nb\r\nc", b"x", None, b"a\r\nb\r\nc\r\nx\r\n"),
        (b"a\nb\r\n", b"x", None, b"a\nb\r\nx\n"),
        (b"a\nb", b"x", 0, b"x\na\nb"),
        (b"a\nb", b"x", 1, b"a\nx\nb"),
        (b"#x\nxy\n x\nx ", b"x", None, b"#x\nxy\n x\nx \nx\n"),
        (b"a\nx", b"x", 0, b"a\nx"),
    ],
)
def test_where_a_line_goes_and_which_end_it_gets(
    text: bytes, line: bytes, place: int | None, result: bytes
) -> None:
    assert with_line(text, line, place=place) == result


def test_a_line_keeps_the_end_of_the_one_that_it_replaces() -> None:
    assert with_line(b"a\r\nb\nc", b"x", matches=[0]) == b"x\r\nb\nc"
    assert with_line(b"a\r\nb\nc", b"x", matches=[2]) == b"a\r\nb\nx"


def test_several_matches_are_an_error_that_counts_lines_from_one() -> None:
    with pytest.raises(UsageError, match="match is found in lines 1, 3"):
        with_line(b"a\nb\na\n", b"x", matches=[0, 2])
    assert with_line(b"a\nb\na\n", b"x", matches=[0, 2], every=True) == b"x\nb\n"


def test_a_place_beside_nothing_is_an_error_only_if_the_line_is_missing() -> None:
    assert with_line(b"a\n", b"a", place=NOWHERE) == b"a\n"
    with pytest.raises(UsageError, match="no line matches after or before"):
        with_line(b"a\n", b"x", place=NOWHERE)


def test_equal_lines_are_as_wanted_however_many() -> None:
    assert with_line(b"x\na\nx\n", b"x") == b"x\na\nx\n"
    assert with_line(b"x\na\nx\n", b"x", every=True) == b"x\na\n"
