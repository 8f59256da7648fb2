"""Tables on a terminal: nothing wider than it, and nothing cut without saying how much."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from sloth_tui.cli.output.drawing import cut, fit
from sloth_tui.store import open_store
from tests.cli.support import on_terminal, piped

_TEXT = st.text(st.sampled_from("ab 漢é🦥"), max_size=80)


@pytest.mark.slow
@given(_TEXT, st.integers(1, 90))
def test_cut_fits_and_counts_what_is_missing(text: str, width: int) -> None:
    shown = cut(text, width)
    assert cell_len(shown) <= width
    if cell_len(text) <= width:
        assert shown == text
        return
    kept, _, ending = shown.partition("…")
    assert text.startswith(kept)
    counted = re.search(r"\+(\d+)", ending)
    if counted:
        assert int(counted[1]) == len(text) - len(kept)
    else:
        assert width < 16


@pytest.mark.slow
@given(
    st.lists(st.tuples(st.integers(1, 300), st.booleans()), min_size=1, max_size=7).filter(
        lambda columns: columns[0][1]
    ),
    st.integers(20, 200),
)
def test_columns_fit(columns: list[tuple[int, bool]], width: int) -> None:
    wanted = [cells for cells, _ in columns]
    elastic = [bends for _, bends in columns]
    widths = fit(wanted, elastic, width)
    shown = [cells for cells in widths if cells]
    assert sum(shown) + 2 * (len(shown) - 1) <= max(width, 3 * len(columns))
    for index, cells in enumerate(widths):
        assert cells <= wanted[index]
        assert cells in (0, wanted[index]) or elastic[index]
        assert cells > 0 or not elastic[index]
    if sum(wanted) + 2 * (len(wanted) - 1) <= width:
        assert widths == wanted


@pytest.mark.parametrize("columns", [20, 40, 60, 100, 200])
def test_no_line_is_wider_than_the_terminal(columns: int) -> None:
    with open_store("local", "write") as store:
        store.set_many({"k" * 50: "v" * 500, "short": "漢字" * 40, "a:b": {"a": list(range(50))}})
    lines = on_terminal("state", "list", columns=columns).out.splitlines()
    assert len(lines) == 5
    for line in lines:
        assert cell_len(re.sub(r"\x1b\[[0-9;]*m", "", line)) <= columns


@pytest.mark.slow
def test_a_table_longer_than_a_block_loses_no_row() -> None:
    with open_store("local", "write") as store:
        store.set_many({f"key:{number:04}": number for number in range(1203)})
    out = re.sub(r"\x1b\[[0-9;]*m", "", on_terminal("state", "list").out)
    assert re.findall(r"^key:(\d+)", out, re.MULTILINE) == [f"{number:04}" for number in range(1203)]
    assert out.count("KEY") == 1


def test_colour_is_for_terminals_that_want_it(monkeypatch: pytest.MonkeyPatch) -> None:
    piped("state", "set", "a", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[" in on_terminal("state", "list").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]", on_terminal("state", "list").out)
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b[" not in on_terminal("state", "list").out


def test_a_terminal_that_knows_ascii_only_gets_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    piped("state", "set", "é", "漢" * 100)
    out = on_terminal("state", "list", encoding="ascii").stdout
    assert out.isascii()
    assert b"\\xe9" in out


def test_columns_set_by_hand_win(monkeypatch: pytest.MonkeyPatch) -> None:
    piped("state", "set", "a", "v" * 300)
    monkeypatch.setenv("COLUMNS", "60")
    assert max(map(len, on_terminal("state", "list").out.splitlines()[1:2])) == 60
