"""Colours of commands, held against a terminal, and what is no colour."""

from __future__ import annotations

import pyte
import pyte.graphics
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sloth_tui.text import display_text
from sloth_tui.tui.run_screen.output import sgr
from sloth_tui.tui.run_screen.output.sgr import Rendition, render, strip
from tests.support import rounds
from tests.tui.state import HOSTILE

_SIMPLE = [0, 1, 3, 4, 7, 9, 22, 23, 24, 27, 29, 39, 49, *range(30, 38), *range(40, 48)]
_CODES = st.one_of(
    st.sampled_from([*_SIMPLE, *range(90, 98), *range(100, 108)]).map(str),
    st.builds("{};5;{}".format, st.sampled_from([38, 48]), st.integers(0, 255)),
    st.builds("{};2;{};{};{}".format, st.sampled_from([38, 48]), *[st.integers(0, 255)] * 3),
    st.just(""),
)
_SEQUENCES = st.lists(_CODES, max_size=4).map(lambda codes: f"\x1b[{';'.join(codes)}m")
_TEXTS = st.text("abc xyz", min_size=1, max_size=3)
_NAMES = {name: code - 30 for code, name in pyte.graphics.FG_ANSI.items()} | {
    name: code - 82 for code, name in pyte.graphics.FG_AIXTERM.items()
}
_FLAGS = {
    "bold": sgr.BOLD,
    "italics": sgr.ITALIC,
    "underscore": sgr.UNDERLINE,
    "reverse": sgr.REVERSE,
    "strikethrough": sgr.STRIKE,
}


def _rgb(colour: sgr.Colour | None) -> str:
    if colour is None:
        return "default"
    if isinstance(colour, tuple):
        return "{:02x}{:02x}{:02x}".format(*colour)
    return str(colour) if colour < 16 else str(pyte.graphics.FG_BG_256[colour])


_NAMES |= {name: code - 92 for code, name in pyte.graphics.BG_AIXTERM.items()}  # one is misspelt there
del _NAMES["default"]


def _of_terminal(name: str) -> str:
    return str(_NAMES.get(name, name))


@given(st.lists(st.one_of(_SEQUENCES, _TEXTS), max_size=12).map("".join))
@settings(max_examples=rounds(60, 2000), deadline=None)
def test_a_terminal_draws_the_same(text: str) -> None:
    screen = pyte.Screen(80, 2)
    pyte.Stream(screen).feed(text)
    rendered = render(text)
    assert rendered.text == screen.display[0][: len(rendered.text)]
    renditions = [Rendition()] * len(rendered.text)
    for span in rendered.spans:
        renditions[span.start : span.end] = [span.rendition] * (span.end - span.start)
    for place, rendition in enumerate(renditions):
        char = screen.buffer[0][place]
        # Of the 256 colours, pyte knows the first sixteen only as red, green and blue.
        for ours, theirs in ((rendition.foreground, char.fg), (rendition.background, char.bg)):
            as_256 = pyte.graphics.FG_BG_256[ours] if isinstance(ours, int) and ours < 16 else None
            assert _of_terminal(theirs) in (_rgb(ours), as_256)
        for name, flag in _FLAGS.items():
            assert getattr(char, name) == bool(rendition.flags & flag), name


@given(
    st.text(st.sampled_from("\x1b[]PX^_\\\x07;:m0123456789?>!AHJKtcn \t\x9b\x9d\x90é世\u202e"), max_size=40)
)
@settings(max_examples=rounds(150, 5000), deadline=None)
def test_whatever_comes_is_harmless_and_hides_no_text(text: str) -> None:
    rendered = render(text)
    assert display_text(rendered.text) == rendered.text
    assert strip(text) == rendered.text
    for cells in (1, 5):
        part = render(text, cells)
        assert rendered.text.startswith(part.text)
        assert part.complete <= (part.text == rendered.text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]52;c;cHduZWQ=\x1b\\after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bP1$r0m\x1b\\after", "after"),
        ("\x1b[2J\x1b[H\x1b[?1049h\x1b[200~pasted\x1b[201~", "pasted"),
        ("\x1b(B\x1b=\x1b7\x1bcafter", "after"),
        ("\x1b]52;c;never ended", "␛]52;c;never ended"),
        ("\x1bPnever ended", "␛Pnever ended"),
        ("\x1b[31", "␛[31"),
        ("\x1b[3\x071m", "␛[3␇1m"),
        ("\x1b", "␛"),
        ("\x9b31mred", "\\x9b31mred"),
        ("a\tb\x1b[1m\tc", "a       b       c"),
        ("a\x08b\x00c\x7f", "a␈b␀c␡"),
    ],
)
def test_of_all_else_nothing_is_left_but_text(text: str, shown: str) -> None:
    assert render(text).text == strip(text) == shown
    assert all(not span.rendition.flags & ~sgr.BOLD for span in render(text).spans)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_strings(text: str) -> None:
    line = text.replace("\n", " ").replace("\r", " ")
    assert display_text(render(line).text) == render(line).text


def test_forms_of_colours() -> None:
    for codes in ("38;2;1;2;3", "38:2:1:2:3", "38:2::1:2:3"):
        assert render(f"\x1b[{codes}mx").spans == [(0, 1, Rendition((1, 2, 3)))]
    assert render("\x1b[38:5:200;48;5;7mx").spans == [(0, 1, Rendition(200, 7))]
    assert render("\x1b[58;2;1;2;3;4:3mx").spans == [(0, 1, Rendition(None, None, sgr.UNDERLINE))]
    assert render("\x1b[4;4:0mx").spans == []
    for nonsense in ("38", "38;5", "38;2;1;2", "38;5;256", "38;9", "99999999999999999999", ":", "1000"):
        assert render(f"\x1b[{nonsense}mx").spans == []


def test_bombs_are_bounded() -> None:
    million = "1;" * 1_000_000
    for bomb in (f"\x1b[{million}m", "\x1b[31m" * 200_000, "\x1b[31mx\x1b[0my" * 100_000, f"\x1b[{million}"):
        rendered = render(bomb)
        assert len(rendered.spans) <= 4096
        assert display_text(rendered.text) == rendered.text
        assert len(render(bomb, 80).text) <= 4 * 80 + 64
