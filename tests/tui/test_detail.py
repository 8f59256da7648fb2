"""The detail pane: tabs, folding, history, masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_store
from sloth_tui.tui.widgets.detail.detail import DetailPane
from sloth_tui.tui.widgets.detail.history_view import DifferenceView, RevisionList
from sloth_tui.tui.widgets.detail.plot import NumberPlot
from sloth_tui.tui.widgets.detail.value_view import ValueView
from sloth_tui.tui.widgets.title_bar import TitleBar
from tests.tui.driving import running, until
from tests.tui.state import elsewhere

if TYPE_CHECKING:
    from pathlib import Path

    from tests.tui.driving import Driver

pytestmark = pytest.mark.slow


async def history_read(app: Driver, count: int) -> RevisionList:
    found = app.find(RevisionList)
    await until(lambda: len(found.revisions) == count, what=f"{count} revisions")
    await app.pilot.pause()
    return found


def compared(app: Driver) -> list[str]:
    return app.find(DifferenceView).lines


async def test_tables_fold_by_keys_and_mouse_and_stay_folded_while_they_change(base: Path) -> None:
    with open_store("local", "write") as store:
        store.set("t", {"a": {"x": 1, "y": 2}, "b": [1, 2], "c": 3})
        store.set("u", "text")
    async with running() as app:
        await app.goes_to("t")
        await app.sees('▾ "a": {')
        await app.press("3", "down", "enter")
        await app.sees('▸ "a": { … 2 members },')
        elsewhere("open_store('local', 'write').__enter__().set('t', {'a': {'x': 1}, 'b': [1, 2], 'c': 4})")
        await app.sees('"c": 4')
        await app.sees('▸ "a": { … 1 member },')
        await app.press("right", "j", "h", "h")
        await app.sees('▸ "a": { … 1 member },')
        view = app.find(ValueView)
        at = next(number for number, line in enumerate(view.lines) if "▾" in line)
        await app.pilot.click(view, offset=(1, at))
        await app.sees('▸ "b": [ … 2 members ]')
        await app.press("shift+right")
        await app.loses('▸ "')
        assert view.lines[view.cursor] == '▾ "b": ['
        await app.goes_to("u")
        await app.goes_to("t")
        assert view.cursor == 0


async def test_numbers_with_their_history_info_and_a_history_too_large_to_hold(base: Path) -> None:
    with open_store("local", "write") as store:
        for number in (3, 9, 1, 7):
            store.set("n", number)
        store.set("once", 5)
        store.set("table", {"x": [1, 2], "y": 1})
        for number in range(12):
            store.set("big", str(number) * 1_500_000)
    async with running() as app:
        await app.goes_to("n")
        plot = app.find(NumberPlot)
        await app.sees("most 9")
        await app.sees("█")
        assert "4 values" in str(plot.render())
        elsewhere("open_store('local', 'write').__enter__().set('n', 12)")
        await app.sees("most 12")
        await app.goes_to("once")
        await until(lambda: not plot.display)

        await app.press("I")
        await app.goes_to("table")
        await app.sees("1 revision ")
        for text in ("size     17 B", "2 members", "revision 6", "program  sloth-runner"):
            await app.sees(text)
        await app.press("I")
        assert app.browser.current == "detail"

        await app.press("H")
        await app.goes_to("big")
        await app.sees("History 1+")
        await app.sees("the newest 1")
        detail = app.find(DetailPane)
        assert detail.revision is not None
        assert detail.revision.new == "11" * 1_500_000


async def test_history_shows_what_each_revision_changed_and_compares_any_two(base: Path) -> None:
    with open_store("local", "write") as store:
        for version in ("v1", "v2", "v3"):
            store.set("version", version)
        store.delete("version")
        store.set("version", "v5")
    async with running() as app:
        await app.goes_to("version")
        await app.press("3", "H")
        revisions = await history_read(app, 5)
        assert revisions.has_focus
        assert compared(app) == ["- (absent)", "+ v5"]
        await app.press("j", "j")
        assert compared(app) == ["- v2", "+ v3"]
        await app.press("space", "end")
        await app.sees("from revision 1 to 3")
        assert compared(app) == ["- v1", "+ v3"]
        await app.press("enter")
        assert compared(app) == ["  v1"]
        elsewhere("open_store('local', 'write').__enter__().set('version', 'v6')")
        await history_read(app, 6)
        assert revisions.highlighted is not None
        assert revisions.highlighted.new == "v1"
        await app.press("V")
        await app.loses("from revision")
        assert app.find(ValueView).has_focus


async def test_history_and_info_of_a_secret_are_masked_until_it_is_revealed(base: Path) -> None:
    with open_store("local", "write") as store:
        store.set("app:token", "secret_one")
        store.set("app:token", "secret_two")
        store.set("app:other", "x")
    with open_store("other", "write") as store:
        store.set("app:token", "secret_three")
    async with running() as app:
        await app.goes_to("app:token")
        await app.press("H")
        await history_read(app, 2)
        await app.sees("masked, x reveals it")
        assert "secret_" not in app.text()
        await app.press("3", "o")
        await app.sees("Restore app:token, as it was at revision 2?")
        assert "secret_" not in app.text()
        await app.press("escape", "I")
        await app.sees("masked, by its name")
        assert "secret_" not in app.text()
        await app.press("H", "x")
        await app.sees("+ secret_two")
        await app.goes_to("app:other")
        await app.goes_to("app:token")
        await app.loses("secret_")
        await app.press("x")
        await app.sees("secret_two")
        await app.press("right_square_bracket")
        await until(lambda: app.find(TitleBar).agent == "other")
        await history_read(app, 1)
        await app.sees("masked, x reveals it")
        assert "secret_" not in app.text()
