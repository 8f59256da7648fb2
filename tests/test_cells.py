"""Rows that end where they should, on a terminal whose widths of characters are not ours."""

from __future__ import annotations

import re
import shlex
import sys
from functools import partial
from typing import TYPE_CHECKING

import pytest

from sloth_tui.cells import align_output, expand_tabs
from sloth_tui.store import open_store
from tests.support import wait_until
from tests.terminal import Tmux, needs_tmux

if TYPE_CHECKING:
    from pathlib import Path

DOUBTFUL = {
    "emoji style \u26a0\ufe0f": "\u26a0\ufe0f",
    "text style \u231a\ufe0e": "\u263a\ufe0e",
    "keycap 1\ufe0f\u20e3": "#\ufe0f\u20e3",
    "flag \U0001f1e9\U0001f1ea": "\U0001f1eb\U0001f1f7",
    "skin \U0001f44d\U0001f3fd": "\U0001f44d\U0001f3fd",
    "hebrew \u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd": "\u05e9\u05dc\u05d5\u05dd",
    "arabic \u0639\u064e\u0631\u064e\u0628": "\u0645\u0631\u062d\u0628\u0627",
    "hindi \u0939\u093f\u0928\u094d\u0926\u0940": "\u0928\u092e\u0938\u094d\u0924\u0947",
    "thai \u0e01\u0e33": "\u0e44\u0e17\u0e22\u0e19\u0e35\u0e49",
    "private \ue000\uf8ff": "\U000f0000",
    "unassigned \u0378\U0001fbff": "\U000e0fff",
    "no character \ufffe\U0001ffff": "\ufdd0",
    "new emoji \U0001fae9": "\U0001fabe",
    "jamo \u1100\u1161\u11a8": "\u1112\u1161\u11ab",
    "marks e\u0301 Z\u0337\u0322\u031b": "a\u0308\u0323",
    "wide \u6f22\u5b57": "\u6f22\u5b57",
}


@pytest.fixture
def doubtful(base: Path) -> Path:
    with open_store("local", "write") as store:
        store.set_many(dict(DOUBTFUL))
    return base


@pytest.fixture
def program(tmp_path: Path) -> list[str]:
    """The program, where the environment of tests is not that of tmux."""
    return ["env", f"SLOTH_RUNNER_HOME={tmp_path / 'base'}", "TERM=screen-256color", sys.executable]


@needs_tmux
def test_borders_of_the_tui_stay_in_their_columns(doubtful: Path, program: list[str], tmp_path: Path) -> None:
    # From the top to the bottom of the panes, and of what lies below them.
    borders = {0: "╭│+╰╭│+╰", 21: "╮│{25}╯", 22: "╭│{25}╰", 77: "╮│{25}╯", 78: "╭│{25}╰", 108: "[^│]*"}
    with Tmux(tmp_path, [*program, "-m", "sloth_tui", "tui"]) as tmux:
        wait_until(lambda: "wide" in "".join(tmux.screen()), seconds=60)
        for number, border in borders.items():
            wait_until(partial(_holds, tmux, number, border), seconds=60, what=f"{border} in column {number}")


def _holds(tmux: Tmux, number: int, border: str) -> bool:
    return re.fullmatch(f"[^│]*{border}[^│]*", tmux.column(number)) is not None


@needs_tmux
def test_columns_of_a_table_stay_in_their_places(doubtful: Path, program: list[str], tmp_path: Path) -> None:
    words = shlex.join([*program, "-m", "sloth_tui", "state", "list"])
    with Tmux(tmp_path, ["sh", "-c", f"{words}; exec sleep 300"]) as tmux:
        wait_until(lambda: "wide" in "".join(tmux.screen()), seconds=60)
        heading = tmux.screen()[0]
        rows = len(DOUBTFUL)
        assert tmux.column(heading.index("TYPE")) == "T─" + "s" * rows
        assert tmux.column(heading.index("TYPE") + 5) == "─" + "g" * rows
        assert tmux.column(heading.index("SIZE") + 3) == "E─" + "B" * rows


@pytest.mark.parametrize(
    "output",
    [
        "plain",
        "\x1b[31m│ … → ●\x1b[0m",
        "漢字 한글 Grüße привет",
        "\x1b[3;5H│",
    ],
)
def test_what_terminals_agree_about_is_left_alone(output: str) -> None:
    assert align_output("\x1b[1;1H" + output) == "\x1b[1;1H" + output
    assert align_output(output, 0) == output


def test_what_terminals_disagree_about_is_put_in_its_place() -> None:
    assert align_output("\x1b[3;6Ha \u26a0\ufe0f b") == (
        "\x1b[3;6Ha   \x1b[?7l\x1b[7G \x1b[8G\u26a0\ufe0f\x1b[?7h\x1b[10G b"
    )


def test_where_the_cursor_is_unknown_nothing_is_moved() -> None:
    assert align_output("\u26a0\ufe0f") == "\u26a0\ufe0f"
    assert align_output("\x1b[1;1H\x1b[3A\u26a0\ufe0f") == "\x1b[1;1H\x1b[3A\u26a0\ufe0f"


def test_a_new_line_begins_at_the_edge() -> None:
    assert align_output("12345\n\ue000.", 0) == "12345\n \x1b[?7l\x1b[1G\ue000\x1b[?7h\x1b[2G."


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("a\tb", "a       b"),
        ("1234567\tb", "1234567 b"),
        ("12345678\tb", "12345678        b"),
        ("漢字\tb", "漢字    b"),
        ("\t\tb", " " * 16 + "b"),
        ("none", "none"),
    ],
)
def test_a_tab_goes_to_the_next_column_of_eight_cells(line: str, shown: str) -> None:
    assert expand_tabs(line) == shown
