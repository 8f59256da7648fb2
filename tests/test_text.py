from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sloth_tui import text
from tests.strategies import CHARACTERS

HOSTILE = [
    "\x1b[31mred\x1b[0m",
    "\x1b]52;c;aGk=\x07",
    "a\rb",
    "a\nb",
    "a\tb",
    "\x9b31m",
    "\x7f",
    "\u202eabc",
    "a\u200bb",
    "\u2066x\u2069",
    "\udcff",
    "\ud800",
    "\U000e0041",
]


@pytest.mark.parametrize("data", HOSTILE)
def test_hostile_text_is_made_visible(data: str) -> None:
    shown = text.display_text(data)
    assert all(unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in shown)
    assert shown != data
    shown.encode("utf-8")


@given(st.text(CHARACTERS) | st.binary(), st.none() | st.integers(1, 20))
def test_whatever_comes_in_one_harmless_line_comes_out(data: str | bytes, limit: int | None) -> None:
    shown = text.display_text(data, limit)
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in shown)
    shown.encode("utf-8")
    if limit is not None:
        assert len(shown) <= limit


@given(st.text(st.characters(categories=["L", "N", "P", "S"])))
def test_ordinary_text_is_shown_as_it_is(data: str) -> None:
    assert text.display_text(data) == data


def test_markup_is_ordinary_text() -> None:
    assert text.display_text("[red]x[/x] {y} %s") == "[red]x[/x] {y} %s"


def test_line_feeds_are_kept_where_lines_are_wanted() -> None:
    assert text.display_text("a\nb\r", lines=True) == "a\nb\u240d"


def test_bytes_that_are_no_utf8_are_shown_as_escapes() -> None:
    assert text.display_text(b"ok \xff\x1b") == "ok \\xff\u241b"


def test_what_is_cut_says_so() -> None:
    assert text.display_text("abcdef", 4) == "abc…"
    assert text.display_text("abcd", 4) == "abcd"


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1 KiB"),
        (1536, "1.5 KiB"),
        (64 * 1024**2, "64 MiB"),
        (1024**2 - 1, "1 MiB"),
        (5 * 1024**5, "5120 TiB"),
    ],
)
def test_sizes(size: int, shown: str) -> None:
    assert text.format_size(size) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0s"),
        (0.25, "0.25s"),
        (9.999, "10s"),
        (42, "42s"),
        (59.6, "1m"),
        (200, "3m 20s"),
        (3600, "1h"),
        (86400 * 2 + 3600 * 4 + 59, "2d 4h"),
        (-5, "-5s"),
    ],
)
def test_durations(seconds: float, shown: str) -> None:
    assert text.format_duration(seconds) == shown


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        (None, "-"),
        (1000.0, "now"),
        (958.0, "42s ago"),
        (1000.0 - 3 * 86400 - 5000, "3d ago"),
        (1300.0, "in 5m"),
    ],
)
def test_ages(at: float | None, shown: str) -> None:
    assert text.format_age(at, 1000.0) == shown


def test_counts() -> None:
    assert text.format_count(1, "key") == "1 key"
    assert text.format_count(1234, "key") == "1,234 keys"
    assert text.format_count(2, "entry", "entries") == "2 entries"


def test_what_an_encoding_cannot_say_becomes_an_escape() -> None:
    assert text.encodable("é…", "ascii") == "\\xe9\\u2026"
    assert text.encodable("é", "utf-8") == "é"


def test_nearest_names_what_was_meant() -> None:
    assert text.nearest("deploymnt", ["deployment", "package", "config"]) == ["deployment"]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("a\t1", "a\t1"),
        ("made by DOS\r", "made by DOS"),
        ("twice\r\r", "twice"),
        ("10%\r50%\r100%", "100%"),
        ("10%\r50%\r100%\r", "100%"),
        ("\rbegun", "begun"),
        ("gone\r    \r", "    "),
        ("\r", ""),
        ("\x1b[2Kx\t\x07\r\u202e", "\\u202e"),
        ("\x1b[2Kx\t\x07", "\u241b[2Kx\t\u2407"),
        ("two\nlines", "two\u240alines"),
    ],
)
def test_a_line_of_output_is_what_a_terminal_leaves_of_it(said: str, shown: str) -> None:
    assert text.output_line(said) == shown


def test_of_a_line_of_output_the_last_state_is_cut() -> None:
    assert text.output_line("x" * 100 + "\rabcdef", 4) == "abc…"
