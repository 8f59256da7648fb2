"""The difference of two contents."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sloth_tui.runner.resources.difference import LARGEST, LONGEST_LINE, MOST_LINES, difference, too_large
from tests.support import rounds

lines = st.lists(st.sampled_from(["a", "b", "c", "", "-x", "+y", "é"]), max_size=40)


@pytest.mark.slow
@given(lines, lines, st.booleans(), st.booleans())
@settings(max_examples=rounds(60, 2000))
def test_it_makes_the_new_text_of_the_old_one(old: list[str], new: list[str], one: bool, other: bool) -> None:
    before = "\n".join(old) + "\n" * one
    after = "\n".join(new) + "\n" * other
    told = difference("f", before.encode(), after.encode())
    assert told.left_out == 0
    assert told.text.splitlines()[:2] == ["--- f", "+++ f (wanted)"]
    assert is_applied(before, told.text) == after


def is_applied(old: str, diff: str) -> str:
    """The text that a unified diff makes of another."""
    source, result, position = old.splitlines(keepends=True), [], 0
    hunk_lines = diff.split("\n")[2:]
    for number, line in enumerate(hunk_lines):
        if line.startswith("@@"):
            first, _, count = line.split()[1][1:].partition(",")
            start = int(first) - (0 if count == "0" else 1)
            result += source[position:start]
            position = start
        elif line.startswith("\\"):
            continue
        elif line[:1] in " -":
            assert source[position].rstrip("\n") == line[1:]
            if line[0] == " ":
                result.append(source[position])
            position += 1
        else:
            bare = number + 1 < len(hunk_lines) and hunk_lines[number + 1].startswith("\\")
            result.append(line[1:] + ("" if bare else "\n"))
    return "".join([*result, *source[position:]])


def test_a_last_line_without_its_end_is_told() -> None:
    assert difference("f", b"a", b"a\n").text.splitlines()[2:] == [
        "@@ -1 +1 @@",
        "-a",
        "\\ No newline at end of file",
        "+a",
    ]


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        (b"\0" * 12288, b"x" * 14438, "binary, 12 KiB -> 14.1 KiB"),
        (None, b"\0", "binary, absent -> 1 B"),
        (b"x" * LARGEST, b"x" * (LARGEST + 1), "too large to compare, 1 MiB -> 1 MiB"),
    ],
)
def test_what_is_not_compared_is_told_by_size(old: bytes | None, new: bytes, text: str) -> None:
    assert difference("f", old, new).text == text


def test_sizes_decide_before_anything_is_read() -> None:
    told = too_large("f", None, 3 * LARGEST)
    assert told is not None
    assert told.text == "too large to compare, absent -> 3 MiB"
    assert too_large("f", LARGEST, LARGEST) is None


def test_a_long_difference_is_cut_and_counted() -> None:
    told = difference("f", None, b"x\n" * 500)
    assert len(told.text.splitlines()) == MOST_LINES
    assert told.left_out == 500 + 3 - MOST_LINES
    (line,) = difference("f", b"", b"y" * 5000).text.splitlines()[3:4]
    assert line == "+" + "y" * (LONGEST_LINE - 1) + "…"


def test_texts_in_which_everything_differs_are_not_compared_for_minutes() -> None:
    old = b"".join(b"%d\n" % number for number in range(20_000))
    assert difference("f", old, b"x" + old[::-1]).text.startswith("too many lines to compare, ")
    one_line = difference("f", old, old.replace(b"10000\n", b"x\n"))
    assert "-10000" in one_line.text.splitlines()


def test_bytes_that_are_no_utf8_are_told() -> None:
    assert difference("f", b"\xff\n", b"\xfe\n").text.splitlines()[3:] == [r"-\xff", r"+\xfe"]
