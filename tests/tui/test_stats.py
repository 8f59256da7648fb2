"""The figures: what they say, and where choosing one of them leads."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.widgets import Static

from sloth_tui.model import KeyGroup, RankedEntry
from sloth_tui.tui.app import SlothApp
from sloth_tui.tui.messages import Survey, TabRead
from sloth_tui.tui.services.dock import DockFigures
from sloth_tui.tui.services.rows import Rows
from sloth_tui.tui.widgets.choices import Choices
from sloth_tui.tui.widgets.detail.plot import draw_sparkline
from sloth_tui.tui.widgets.dock.figures import draw_groups, draw_ranked, draw_rate, draw_types
from sloth_tui.tui.widgets.dock.stats_view import StatsPane
from sloth_tui.tui.widgets.dock.write_rate import WriteRate
from tests.support import A_MINUTE
from tests.tui.driving import Driver, running, until
from tests.tui.state import elsewhere

if TYPE_CHECKING:
    from pathlib import Path

    from textual.message import Message

pytestmark = pytest.mark.slow


async def test_all_figures_end_in_the_same_column(believable: Path) -> None:
    async with running(size=(120, 40)) as app:
        await app.press("5")
        await app.sees("writes/s")
        lines = [
            str(app.find(StatsPane).query_one(f"#stats-{part}", Static).content)
            for part in ("figures", "rate")
        ]
        ends = [
            match.end()
            for line in "\n".join(lines).split("\n")
            if (match := re.match(r"\S+ +[\d.,]+( [KMG]?i?B)?", line))
        ]
        assert len(ends) == 6
        assert len(set(ends)) == 1, lines


@given(values=st.lists(st.floats(0, 1e9), max_size=20), height=st.integers(1, 4))
def test_a_plot_has_its_height_and_shows_whatever_is_more_than_nothing(
    values: list[float], height: int
) -> None:
    lines = draw_sparkline(values, height)
    assert [len(line) for line in lines] == [len(values)] * height
    for place, value in enumerate(values):
        assert (lines[-1][place] != " ") == (value > 0)
    if any(values):
        assert lines[0][values.index(max(values))] == "█"


@given(steps=st.lists(st.tuples(st.integers(0, 50), st.floats(0.05, 3)), min_size=1, max_size=40))
def test_no_write_is_lost_or_counted_twice(steps: list[tuple[int, float]]) -> None:
    rate, revision, now = WriteRate(), 7, 1000.0
    rate.note(revision, now)
    for writes, passed in steps:
        revision, now = revision + writes, now + passed
        assert rate.note(revision, now) == (writes > 0)
    assert round(sum(rate.last(now, 240)), 6) == revision - 7
    assert not rate.busy(now + 300)


def test_lines_fit_their_width_whatever_the_names() -> None:
    groups = [KeyGroup("世" * 40 + ":", 1_000_000), KeyGroup("[red]:", 1), KeyGroup("\x1b[2J/", 20)]
    one = RankedEntry("k" * 300 + "世", 10_000_000, 5.0)
    survey = Survey(groups, True, {"largest": [one], "newest": [one], "oldest": [RankedEntry("a", 0, None)]})
    for width in (30, 40, 76):
        lines = draw_groups(survey, 1_000_100, width) + draw_ranked(survey, 10.0, width)
        lines += draw_types({"string": 3, "bytes": 0, "integer": 1}, width)
        assert all(line.text.cell_length <= width for line in lines), width
        assert not any("\x1b" in line.text.plain for line in lines)
        for low in (False, True):
            rate = draw_rate([0, 3, 2], width, low=low)
            assert rate.plain.startswith("writes/s      2")
            assert "█" in rate.plain
            assert max(map(len, rate.plain.split("\n"))) <= max(width, 34)


async def test_choosing_a_figure_filters_or_goes_there(believable: Path) -> None:
    async with running(size=(140, 40)) as app:
        await app.press("5")
        await app.sees("keys by prefix")
        await app.sees("deployment:  4")
        await app.sees("largest values")
        elsewhere(
            "with open_store('local', 'write') as store:\n"
            "    for number in range(40): store.set(f'new:{number}', number)"
        )
        await app.sees("new:         40")
        await until(lambda: "most 0 " not in (text := app.glance()) and "writes/s" in text)
        prefixes = app.find(Choices, "#stats-prefixes")
        assert prefixes.highlighted is not None
        await app.press("home", "down", "enter")
        await until(lambda: app.table.count == 4 and app.browser.current == "keys")
        await app.press("5", "tab")
        await until(lambda: app.find(Choices, "#stats-ranked").has_focus)
        await app.press("home", "enter")
        await until(lambda: app.table.key == "table:limits")


def _figures(app: Driver) -> str:
    """What the pane of the figures shows."""
    region = app.find(StatsPane).region
    lines = app.text().split("\n")[region.y : region.bottom]
    return "\n".join(line[region.x : region.right] for line in lines)


@pytest.fixture
def another(believable: Path) -> None:
    """The other agent has one key more than before, and another number of writes."""
    elsewhere(
        "with open_store('production', 'write') as store:\n"
        "    for number in range(200): store.set('n', number)"
    )


async def test_figures_are_of_the_agent_on_screen_and_of_no_other(another: None) -> None:
    async with running() as app:
        await app.press("5")
        await app.sees("deployment:  4")
        app.browser.choose_agent("production")
        await app.sees("(none)")
        # They came with the rows, or after them.
        assert "deployment:" not in app.text()
        assert "n              " in app.text()
        await until(lambda: "most 0 " in _figures(app))
        await app.sees("6 Log 2")


def _held_back(cls: type, method: str, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], threading.Event]:
    """From the moment that the list holds a word, the method waits for the event whenever it is called."""
    waits: list[str] = []
    go_on = threading.Event()
    plain = getattr(cls, method)

    def waiting(*arguments: Any) -> Any:
        if waits:
            waits.append("waiting")
            assert go_on.wait(A_MINUTE)
        return plain(*arguments)

    monkeypatch.setattr(cls, method, waiting)
    return waits, go_on


async def test_figures_wait_for_rows_of_their_agent(another: None, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Message] = []
    tell = SlothApp._tell

    def note(app: SlothApp, message: Message) -> None:
        tell(app, message)
        told.append(message)

    monkeypatch.setattr(SlothApp, "_tell", note)
    waits, go_on = _held_back(Rows, "_index", monkeypatch)
    async with running() as app:
        try:
            await app.press("5")
            await app.sees("deployment:  4")
            waits.append("from now on")
            told.clear()
            app.browser.choose_agent("production")
            await until(
                lambda: any(isinstance(message, TabRead) and message.tab == "stats" for message in told)
            )
            await until(lambda: "waiting" in waits)
            await app.at_rest()
            # The rows of the agent before are still there: nothing of another one is.
            assert "deployment:version" in app.text()
            assert "keys  " not in _figures(app)
            assert "(none)" not in app.text()
            assert "production" not in app.text().split("\n")[0]
            waits.clear()
            go_on.set()
            await until(lambda: "(none)" in (text := app.glance()) and "deployment:" not in text)
            assert "production" in app.text().split("\n")[0]
        finally:
            go_on.set()


async def test_rows_do_not_wait_beside_figures_of_another_agent(
    another: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits, go_on = _held_back(DockFigures, "_count_writes", monkeypatch)
    async with running() as app:
        try:
            await app.press("5")
            await app.sees("deployment:  4")
            waits.append("from now on")
            app.browser.choose_agent("production")
            await until(lambda: "waiting" in waits)
            await until(lambda: "deployment:" not in (text := app.glance()) and "n              " in text)
            await app.at_rest()
            assert "keys  " not in _figures(app)
            waits.clear()
            go_on.set()
            await app.sees("(none)")
        finally:
            go_on.set()


async def test_all_figures_are_there_in_a_small_terminal_too(believable: Path) -> None:
    async with running(size=(60, 20)) as app:
        await app.press("5")
        await app.sees("% used")
        await app.sees("keys by prefix")
        await app.press("end")
        await until(lambda: app.find(StatsPane).has_class("-stacked"))
        await app.sees("oldest")
