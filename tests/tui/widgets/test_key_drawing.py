"""How the lines of the key table look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len

from sloth_tui.model import Query, Row, Term
from tests.tui.widgets.table_host import TableHost, numbered

if TYPE_CHECKING:
    from collections.abc import Sequence

HOSTILE = (
    "\x1b[31mred",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x9b31m",
    "a\rb\nc\td\x00e\x7f",
    "[/x] [bold]not bold[/bold] [@click=app.quit]",
    "\u202egnp.exe\u202c",
    "שלום عربى",
    "世界" * 40,
    "👋🏽" * 40,
    "e" + "\u0301" * 300,
    "\u200b\u2060\ufeff",
    "\udcff\ud800",
    "x" * 5000,
    "",
)


def rows_of(keys: Sequence[str]) -> TableHost:
    return TableHost(len(keys), lambda number: numbered(number)._replace(key=keys[number]))


@pytest.mark.parametrize("width", [10, 30, 58, 80, 120, 200])
async def test_hostile_data_stays_within_its_cells(width: int) -> None:
    rows = [Row(text, text[::-1], text[:9], 1, 0.0, 1) for text in HOSTILE]
    app = TableHost(len(rows), lambda number: rows[number])
    async with app.run_test(size=(width, 24)) as pilot:
        app.ask(Query(prefix="x", key="b", value="世"))
        await pilot.pause()
        for strip in app.strips():
            assert strip.cell_length == app.table.scrollable_content_region.width
            assert sum(cell_len(segment.text) for segment in strip) == strip.cell_length
            assert strip.text.isprintable()


async def test_markup_is_text() -> None:
    app = rows_of(["[/x] [bold]not bold[/bold]"])
    async with app.run_test(size=(120, 10)) as pilot:
        await pilot.pause()
        assert "[/x] [bold]not bold[/bold]" in app.lines()[1]


@pytest.mark.parametrize(
    ("width", "titles"),
    [
        (58, "key value"),
        (66, "key value updated"),
        (80, "key value size updated"),
        (90, "key value type size updated"),
        (120, "key value type size updated revision"),
    ],
)
async def test_columns_that_do_not_fit_are_left_out(width: int, titles: str) -> None:
    app = TableHost(5)
    async with app.run_test(size=(width, 10)) as pilot:
        await pilot.pause()
        assert app.lines()[0].replace("▲", "").split() == titles.split()


async def test_the_heading_shows_the_order() -> None:
    app = TableHost(5)
    async with app.run_test(size=(120, 10)) as pilot:
        await pilot.pause()
        assert "key ▲" in app.lines()[0]
        app.ask(Query(sort="size", descending=True))
        await pilot.pause()
        assert "size ▼" in app.lines()[0]
        assert "key ▲" not in app.lines()[0]


@pytest.mark.parametrize(
    ("query", "key", "marked"),
    [
        (Query(key="in"), "nginx:main", ["in", "in"]),
        (Query(prefix="ng"), "nginx:ng", ["ng"]),
        (Query(key="\n"), "a\nb", ["␊"]),
        (Query(key="b"), "\u202eb", ["b"]),
        (Query(also=(Term("fuzzy", "nm"),)), "x\nNginx:main", ["N", "m"]),
        (Query(key="g", also=(Term("key", "x"), Term("key", "main", True))), "nginx:a", ["g", "x"]),
        (Query(key="[/x]"), "a[/x]", ["[/x]"]),
        (Query(key="NG"), "nginx", []),
        (Query(value="lue 0"), "nginx", ["lue 0"]),
    ],
)
async def test_what_was_looked_for_stands_out(query: Query, key: str, marked: list[str]) -> None:
    app = rows_of([key])
    async with app.run_test(size=(100, 10)) as pilot:
        app.ask(query)
        await pilot.pause()
        found = [segment.text for segment in app.strips()[1] if segment.style and segment.style.underline]
        assert found == marked


async def test_a_secret_is_masked_and_its_key_is_not() -> None:
    app = rows_of(["db:password", "db:name"])
    async with app.run_test(size=(100, 10)) as pilot:
        app.table.is_secret = lambda key: "password" in key
        app.ask(Query())
        await pilot.pause()
        secret, plain = app.lines()[1:3]
        assert "db:password" in secret
        assert "••••••••" in secret
        assert "value 0" not in secret
        assert "value 1" in plain


async def test_the_cursor_can_be_told_without_colour_and_shows_where_the_focus_is() -> None:
    app = TableHost(5)
    async with app.run_test(size=(80, 10)) as pilot:
        await pilot.pause()
        assert app.lines()[1].startswith("▌")
        app.set_focus(None)
        await pilot.pause()
        assert app.lines()[1].startswith("▏")


async def test_another_theme_is_drawn_in_its_colours() -> None:
    app = TableHost(5)
    async with app.run_test(size=(80, 10)) as pilot:
        await pilot.pause()
        before = app.strips()[2]
        app.theme = "textual-light"
        await pilot.pause()
        assert app.strips()[2].text == before.text
        assert list(app.strips()[2]) != list(before)


async def test_another_width_is_filled() -> None:
    app = TableHost(50)
    async with app.run_test(size=(120, 20)) as pilot:
        await pilot.press("G")
        await pilot.resize_terminal(60, 12)
        await pilot.pause()
        assert "key:0000049" in app.shown()
        assert {strip.cell_length for strip in app.strips()} == {app.table.scrollable_content_region.width}
