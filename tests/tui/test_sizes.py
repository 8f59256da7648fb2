"""Panes are made larger and smaller, put away and brought back, and the screen is found as it was left."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sloth_tui.settings import Settings
from sloth_tui.tui.app import SlothApp
from sloth_tui.tui.browser.layout import measure
from sloth_tui.tui.services.databases import has_store
from sloth_tui.tui.ui_state import (
    UiState,
    UiStateFile,
    last_agent,
    load,
    parse,
    ui_state_path,
)
from sloth_tui.tui.widgets.dock.dock import Dock
from sloth_tui.tui.widgets.key_table.filter_bar import FilterBar
from sloth_tui.tui.widgets.title_bar import TitleBar
from tests.tui.driving import Driver, running, until

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path


pytestmark = pytest.mark.slow


def width(app: Driver, pane: str) -> int:
    return app.browser.context.panes.pane(pane).outer_size.width


def dock_height(app: Driver) -> int:
    return app.find(Dock).outer_size.height


async def test_keys_resize_the_pane_they_are_pressed_in_put_it_away_and_bring_it_back(
    believable: Path,
) -> None:
    async with running() as app:
        agents, detail, dock = width(app, "agents"), width(app, "detail"), dock_height(app)
        await app.press("1", ">")
        await until(lambda: width(app, "agents") == agents + 2)
        await app.press("3", "<")
        await until(lambda: width(app, "detail") == detail - 2)
        await app.press("2", ">", ">")
        await until(lambda: width(app, "detail") == detail - 6)
        await app.press("4", "+", "+")
        await until(lambda: dock_height(app) == dock + 2)
        await app.press("2", "+")
        await until(lambda: dock_height(app) == dock + 1)
        await app.press("1", *["<"] * 9)
        await until(lambda: width(app, "agents") == 12)
        await app.press(">")
        await until(lambda: width(app, "agents") == 14)
        await app.press("=")
        await until(lambda: width(app, "agents") == agents)
        assert (width(app, "detail"), dock_height(app)) == (detail, dock)

        await app.press("4", "backslash")
        await until(lambda: dock_height(app) == 1)
        await app.sees("4 Locks 1 · 5 Stats")
        assert app.browser.current == "keys"
        await app.press("1", "backslash")
        await until(lambda: "agents" not in app.browser.context.panes.in_sight)
        seen = set()
        for _ in range(4):
            await app.press("tab")
            seen.add(app.browser.current)
        assert seen == {"keys", "detail"}
        await app.press("5")
        await app.sees("revision")
        assert dock_height(app) > 1
        await app.press("2", "backslash")
        await until(lambda: "agents" in app.browser.context.panes.in_sight)


async def drag(app: Driver, start: tuple[int, int], end: tuple[int, int]) -> None:
    await app.pilot.mouse_down(offset=start)
    await app.pilot.hover(offset=end)
    await app.pilot.mouse_up(offset=end)


async def test_edges_are_dragged_and_titles_clicked(believable: Path) -> None:
    async with running() as app:
        right = app.browser.context.panes.pane("agents").region.right
        await drag(app, (right - 1, 10), (29, 10))
        await until(lambda: width(app, "agents") == 30)
        await drag(app, (30, 10), (26, 10))
        await until(lambda: width(app, "agents") == 26)
        await drag(app, (app.browser.context.panes.pane("detail").region.x, 10), (80, 10))
        await until(lambda: width(app, "detail") == 40)
        await drag(app, (60, app.find(Dock).region.y), (60, 20))
        await until(lambda: dock_height(app) == 19)
        await drag(app, (10, 19), (10, 0))
        await until(lambda: dock_height(app) == 28)
        await app.pilot.click(offset=(3, 1), times=2)
        await until(lambda: app.browser.context.panes.in_sight == {"agents"})
        await app.press("escape")
        await until(lambda: len(app.browser.context.panes.in_sight) == 4)


@given(
    st.integers(76, 400),
    st.integers(22, 200),
    st.sampled_from(["locks", "run"]),
    st.dictionaries(st.sampled_from(["agents", "detail", "dock", "run"]), st.integers(1, 1000)),
)
def test_whatever_was_chosen_something_of_every_pane_can_be_seen(
    columns: int, lines: int, tab: str, chosen: dict[str, int]
) -> None:
    shape = measure(columns, lines, tab, chosen)
    assert shape.agents >= 12
    assert shape.detail >= 20 or columns < 108
    assert columns - shape.agents - shape.detail >= 30
    assert 4 <= shape.dock <= lines - 3 - 8


def left_open(ui_state: UiStateFile, agent: str = "local") -> AbstractAsyncContextManager[Driver]:
    """The app that remembers."""
    return running(agent, app=SlothApp(agent, Settings(), read_only=False, ui_state=ui_state))


async def test_the_screen_is_found_as_it_was_left(believable: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sloth_tui.tui.app._SAVE_DELAY_SECONDS", 0.1)
    async with left_open(UiStateFile(keep=True)) as app:
        await app.press("1", ">", "4", "+", "5", "2", "]")
        await until(lambda: app.find(TitleBar).agent == "production")
        app.app.theme = "sloth-day"
        await until((believable / "tui.json").exists, what="written a moment after")
        app.find(FilterBar).sort_by("size")
        await until(lambda: app.table.answered.sort == "size")
        await app.press("3", "backslash")
        agents, dock = width(app, "agents"), dock_height(app)
    state, warning = load()
    assert warning is None
    assert last_agent(state, None, has_store) == "production"
    async with left_open(UiStateFile(state, keep=True)) as app:
        assert app.app.theme == "sloth-day"
        assert (width(app, "agents"), dock_height(app)) == (agents, dock)
        assert app.find(Dock).tab == "stats"
        assert (app.table.answered.sort, app.table.answered.descending) == ("size", True)
        app.find(FilterBar).sort_by("size")
        await until(lambda: not app.table.answered.descending)
        assert app.browser.context.panes.in_sight == {"agents", "keys", "stats"}
    (believable / "state" / "production.db").unlink()
    assert last_agent(state, None, has_store) == "local"


async def test_nothing_is_written_where_nothing_may_be(base: Path) -> None:
    async with left_open(UiStateFile(keep=True)) as app:
        await app.press("1", ">")
    assert not base.exists()
    base.mkdir()
    async with left_open(UiStateFile(keep=False)) as app:
        await app.press("1", ">")
    assert list(base.iterdir()) == []


def test_a_file_that_makes_no_sense_is_not_looked_at_and_said(base: Path) -> None:
    base.mkdir()
    for text in ("{", "[]", "\0", '{"a": ' * 5000, "[" * 60000, "x" * 70000, "nul", "NaN"):
        (base / "tui.json").write_text(text)
        state, warning = load()
        assert state == UiState()
        assert warning is not None
        assert warning.startswith(ui_state_path())


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(UiState._fields), _JSON))
def test_of_a_file_that_makes_some_sense_that_is_taken(document: dict[str, object]) -> None:
    found = parse(document)
    assert parse(json.loads(json.dumps(found._asdict()))) == found
