from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from textual.app import App
from textual.widgets import Input

from sloth_tui.model import Query
from sloth_tui.tui.widgets.key_table.filter_bar import FilterBar

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from sloth_tui.tui import messages


class Host(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[Query | str] = []

    def compose(self) -> ComposeResult:
        yield FilterBar()

    @property
    def bar(self) -> FilterBar:
        return self.query_one(FilterBar)

    def on_filter_changed(self, message: messages.FilterChanged) -> None:
        self.said.append(message.query)

    def on_filter_left(self, message: messages.FilterLeft) -> None:
        self.said.append("left")


async def test_every_key_typed_asks_at_once() -> None:
    app = Host()
    async with app.run_test() as pilot:
        app.bar.focus()
        await pilot.press("^", "a", "b", "backspace")
        await pilot.pause()
        assert app.said == [Query(prefix="a"), Query(prefix="ab"), Query(prefix="a")]


@pytest.mark.parametrize("key", ["enter", "down"])
async def test_leaving_keeps_the_filter(key: str) -> None:
    app = Host()
    async with app.run_test() as pilot:
        app.bar.focus()
        await pilot.press("a", key)
        await pilot.pause()
        assert app.said == [Query(key="a"), "left"]
        assert app.bar.asked == Query(key="a")


async def test_escape_clears_and_leaves() -> None:
    app = Host()
    async with app.run_test() as pilot:
        app.bar.focus()
        await pilot.press("a", "escape")
        await pilot.pause()
        assert app.said == [Query(key="a"), Query(), "left"]
        assert app.query_one(Input).value == ""


async def test_sorting_keeps_what_is_typed_and_turns_round() -> None:
    app = Host()
    async with app.run_test() as pilot:
        app.bar.focus()
        await pilot.press("a")
        app.bar.sort_by("size")
        app.bar.sort_by("size")
        app.bar.sort_by("key")
        await pilot.press("b")
        await pilot.pause()
        assert app.said == [
            Query(key="a"),
            Query(key="a", sort="size", descending=True),
            Query(key="a", sort="size"),
            Query(key="a"),
            Query(key="ab"),
        ]


async def test_clearing_keeps_the_order() -> None:
    app = Host()
    async with app.run_test() as pilot:
        app.bar.ask(Query(prefix="pkg:", sort="updated"))
        assert app.query_one(Input).value == "^pkg:"
        app.bar.clear()
        await pilot.pause()
        assert app.said == [Query(prefix="pkg:", sort="updated"), Query(sort="updated")]


async def test_clearing_nothing_says_nothing() -> None:
    app = Host()
    async with app.run_test() as pilot:
        app.bar.clear()
        await pilot.pause()
        assert app.said == []
