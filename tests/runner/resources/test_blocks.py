"""Blocks as a pure function: between the markers is what is asked for, and nothing else has moved."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sloth_tui.errors import UsageError
from sloth_tui.runner.resources.blocks import Markers, has_block, markers, with_block, without_block
from sloth_tui.runner.resources.lines import NOWHERE
from tests.support import rounds

pieces = st.sampled_from(
    [b"a", b"", b"# BEGIN", b"# BEGIN web2", b"# END webs", b" # BEGIN web", b"\xff", b"x "]
)


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    lines = draw(st.lists(st.tuples(pieces, st.sampled_from([b"\n", b"\r\n"])), max_size=8))
    return b"".join(line + end for line, end in lines) + draw(st.sampled_from([b"", b"last"]))


contents = st.lists(st.sampled_from([b"1", b"", b"b\r", b"# x", b"&\\1%1"]), max_size=4).map(b"\n".join)
WEB, DB = markers(b"web", b"#"), markers(b"web db", b"#")


@pytest.mark.slow
@given(texts(), contents)
@settings(max_examples=rounds(60, 2000))
def test_a_second_time_changes_nothing(text: bytes, block: bytes) -> None:
    once = with_block(text, block, WEB)
    assert with_block(once, block, WEB) == once
    assert with_block(once, block + b"\n", WEB) == once or not block or block.endswith(b"\n")


@pytest.mark.slow
@given(texts(), contents)
@settings(max_examples=rounds(60, 2000))
def test_absent_undoes_present(text: bytes, block: bytes) -> None:
    undone = without_block(with_block(text, block, WEB), WEB)
    assert undone == text or (undone.rstrip(b"\r\n") == text and not text.endswith(b"\n"))


@pytest.mark.slow
@given(texts(), contents, contents)
@settings(max_examples=rounds(60, 2000))
def test_two_blocks_do_not_meet(text: bytes, one: bytes, other: bytes) -> None:
    both = with_block(with_block(text, one, WEB), other, DB)
    assert with_block(both, one, WEB) == both
    assert with_block(both, other, DB) == both
    without_other = without_block(both, DB)
    assert without_other == with_block(text, one, WEB)


@pytest.mark.slow
@given(texts(), contents, contents)
@settings(max_examples=rounds(60, 2000))
def test_what_was_changed_by_hand_between_the_markers_is_put_right(
    text: bytes, one: bytes, other: bytes
) -> None:
    assert with_block(with_block(text, other, WEB), one, WEB) == with_block(text, one, WEB)


@pytest.mark.parametrize(
    ("text", "place", "result"),
    [
        (b"", None, b"# BEGIN web\n1\n# END web\n"),
        (b"a", None, b"a\n# BEGIN web\n1\n# END web\n"),
        (b"a\r\nb\r\n", 1, b"a\r\n# BEGIN web\r\n1\r\n# END web\r\nb\r\n"),
        (b"# BEGIN web\n2\n# END web", 0, b"# BEGIN web\n1\n# END web"),
        (b"a\n# BEGIN web\n# END web\nb", NOWHERE, b"a\n# BEGIN web\n1\n# END web\nb"),
    ],
)
def test_where_a_block_goes(text: bytes, place: int | None, result: bytes) -> None:
    assert with_block(text, b"1", WEB, place) == result


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"# BEGIN web\n1\n", "its marker '# END web' is missing"),
        (b"1\n# END web\n", "its marker '# BEGIN web' is missing"),
        (b"# END web\n# BEGIN web\n", "its END marker is before its BEGIN"),
        (b"# BEGIN web\n# END web\n# BEGIN web\n", "'# BEGIN web' is there more than once: in lines 1, 3"),
    ],
)
def test_damaged_markers_are_an_error(text: bytes, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        with_block(text, b"1", WEB)
    with pytest.raises(UsageError, match=message):
        without_block(text, WEB)


@pytest.mark.parametrize("line", [b"# BEGIN web", b"# END web", b"# END web\r"])
def test_a_block_that_contains_its_own_marker_is_refused(line: bytes) -> None:
    for text in (b"", b"a\r\n"):
        with pytest.raises(UsageError, match="block contains its own marker"):
            with_block(text, b"1\n" + line + b"\n2", WEB)


def test_a_comment_may_surround_the_marker() -> None:
    assert markers(b"x", b"<!-- %s -->") == Markers(b"<!-- BEGIN x -->", b"<!-- END x -->")
    assert markers(b"tab\tand blank ", b"//").begin == b"// BEGIN tab\tand blank "


@pytest.mark.parametrize(
    ("name", "comment", "message"),
    [
        (b"", b"#", "name must not be empty"),
        (b" ", b"#", "name must not be empty"),
        (b"a\nb", b"#", "name must be one line"),
        (b"a\r", b"#", "name must be one line"),
        (b"a", b"", "comment must not be empty"),
        (b"a", b"%s %s", "comment must have %s once at most"),
    ],
)
def test_names_and_comments_that_make_no_marker_are_refused(
    name: bytes, comment: bytes, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        markers(name, comment)


def test_a_name_with_a_blank_at_its_end_finds_its_block_again() -> None:
    odd = markers(b"tab\tand blank ", b"#")
    once = with_block(b"a\n", b"1", odd)
    assert with_block(once, b"1", odd) == once
    assert has_block(once, odd)
    assert not has_block(once, markers(b"tab\tand blank", b"#"))


def test_line_ends_of_the_block_itself_do_not_turn_those_of_the_file() -> None:
    once = with_block(b"", b"1\r\n2\r\n3\r\n", WEB)
    assert once == b"# BEGIN web\n1\r\n2\r\n3\r\n# END web\n"
    assert with_block(once, b"1\r\n2\r\n3\r\n", WEB) == once
    assert with_block(once, b"4\r\n5", WEB) == b"# BEGIN web\n4\r\n5\n# END web\n"
