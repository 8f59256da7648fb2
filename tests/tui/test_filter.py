"""Filtering and sorting the key table, as a person does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from textual.events import Key
from textual.widgets import Input

from sloth_tui.store import open_store
from sloth_tui.tui.widgets.key_table.filter_bar import FilterBar
from tests.tui.driving import running, until
from tests.tui.state import ENTRIES

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


KEYS = sorted(ENTRIES)


async def test_terms_narrow_the_keys_together_and_escape_brings_them_back(believable: Path) -> None:
    async with running() as app:
        for typed, left in (
            ("~dpst", ["deployment:status"]),
            ("^deployment !ver", ["deployment:count", "deployment:ratio", "deployment:status"]),
            ("!t", ["flag:enabled"]),
            ("^dep =complete", ["deployment:status"]),
            ("^dep !=1", ["deployment:ratio", "deployment:status"]),
        ):
            await app.press("slash", *("space" if it == " " else it for it in typed))
            await app.sees(f"{len(left)} of {len(KEYS)} keys")
            assert sorted(app.table.rows.by_spot()) == left
            await app.press("escape")
            await until(lambda: app.table.count == len(KEYS))
        assert app.find(FilterBar).asked.also == ()


async def test_what_is_typed_faster_than_the_focus_moves_goes_into_the_filter(believable: Path) -> None:
    async with running() as app:
        for key, character in (("slash", "/"), ("d", "d"), ("u", "u"), ("equals_sign", "=")):
            app.app.post_message(Key(key, character))
        await until(lambda: app.find(Input, "#filter Input").value == "du=")
        assert app.app.screen is app.browser


async def test_a_key_found_with_a_filter_is_under_the_cursor_without_it(base: Path) -> None:
    with open_store("local", "write") as store:
        store.set_many({f"item{number:05}": number for number in range(3000)})
    async with running() as app:
        await app.press("slash", *"m0277", "enter", "j", "j")
        await until(lambda: app.table.key == "item02772")
        await app.press("escape")
        await until(lambda: app.table.count == 3000 and app.table.key == "item02772")
