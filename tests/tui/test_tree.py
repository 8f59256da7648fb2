"""The key table as a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.tui.widgets.key_table.key_table import KeyTable
from tests.tui.driving import running, until
from tests.tui.state import HOSTILE, elsewhere, fill

if TYPE_CHECKING:
    from pathlib import Path

    from sloth_tui.model import Value
    from tests.tui.driving import Driver

pytestmark = pytest.mark.slow


ENTRIES: dict[str, Value] = {
    **{f"app:{name}:{number}": number for name in ("api", "web") for number in range(3)},
    "app:mode": "live",
    "etc/hosts": "x",
    "zone": "eu",
}


def lines(app: Driver) -> list[str]:
    """The first column of the table, without what is to the right of it."""
    table = app.table
    end = table.columns[1].start if len(table.columns) > 1 else None
    shown = [table.render_line(y).text[2:end].rstrip() for y in range(1, table.size.height)]
    return [line for line in shown if line]


async def test_keys_fold_and_unfold_by_key_and_the_cursor_stays_where_it_is(base: Path) -> None:
    fill("local", ENTRIES)
    async with running() as app:
        table = app.table
        await app.press("down", "T")
        await until(lambda: lines(app) == ["▸ app:", "▸ etc/", "  zone"], what=lines(app).__repr__())
        assert "7 keys" in table.render_line(1).text
        await app.sees("9 keys  ●")
        await app.press("home")
        await app.sees("7 keys in it")
        await app.press("l")
        await until(lambda: lines(app)[:4] == ["▾ app:", "  ▸ api:", "    mode", "  ▸ web:"])
        await app.press("l", "right")
        await until(lambda: lines(app)[1:5] == ["  ▾ api:", "      0", "      1", "      2"])
        await app.press("down", "down")
        await until(lambda: app.browser.context.key == "app:api:1")
        elsewhere("open_store('local', 'write').__enter__().set_many({'app:aaa': 1, 'app:api:00': 2})")
        await until(lambda: "      00" in lines(app))
        assert table.key == "app:api:1"
        await app.press("h")
        await until(lambda: table.node == "app:api:")
        await app.press("enter")
        await until(lambda: "      1" not in lines(app) and "  ▸ api:" in lines(app))
        await app.press("left", "left")
        await until(lambda: lines(app) == ["▸ app:", "▸ etc/", "  zone"])
        app.browser.go_to_key("app:web:2")
        await until(lambda: table.key == "app:web:2")
        await app.press("T")
        await until(lambda: table.count == 11 and table.key == "app:web:2")


async def test_a_tree_is_filtered_marked_and_unfolded_by_mouse(base: Path) -> None:
    fill("local", ENTRIES)
    async with running() as app:
        await app.press("T")
        await until(lambda: app.table.count == 3)
        await app.press("slash", *"web", "enter")
        await app.sees("3 of 9 keys")
        await until(lambda: lines(app) == ["▸ app:"])
        await app.press("space")
        await until(lambda: app.browser.context.chosen_keys == ["app:web:0", "app:web:1", "app:web:2"])
        await app.pilot.click(KeyTable, offset=(2, 1))
        await until(lambda: lines(app) == ["▾ app:", "  ▸ web:"])
        await app.pilot.click(KeyTable, offset=(4, 2))
        await until(lambda: lines(app)[2:] == ["      0", "      1", "      2"])
        assert sum("◆" in app.table.render_line(y).text for y in range(1, 8)) == 3
        await app.press("escape", "home", "d")
        await app.sees("Delete 3 keys?")
        await app.press("escape", "escape")
        await until(lambda: "  zone" in lines(app) and not app.table.marks)
        await app.press("s")
        await until(lambda: app.table.count == 9)
        assert app.table.answered.sort == "type"


async def test_hostile_keys_make_a_tree_that_stays_within_its_cells(base: Path) -> None:
    keys = [*HOSTILE, *(f"{text}:{text}/{text}" for text in HOSTILE if len(text) < 1000)]
    fill("local", dict.fromkeys(keys, "x"))
    async with running(size=(60, 40)) as app:
        await app.press("T")
        await until(lambda: app.table.count < len(keys))
        for key in (":/:/:", "\x1b[2J\x1b[H:\x1b[2J\x1b[H/\x1b[2J\x1b[H", "[/x]:[/x]/[/x]"):
            await app.goes_to(key)
            assert all(app.table.render_line(y).text.isprintable() for y in range(app.table.size.height))
            widths = {app.table.render_line(y).cell_length for y in range(app.table.size.height)}
            assert widths == {app.table.scrollable_content_region.width}
