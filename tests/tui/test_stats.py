"""The figures: what they say, and where choosing one of them leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sloth_tui.model import KeyGroup, Standing
from sloth_tui.tui.messages import Survey
from sloth_tui.tui.widgets.choices import Choices
from sloth_tui.tui.widgets.figures import group_lines, rate_of, standing_lines, type_lines
from sloth_tui.tui.widgets.skyline import skyline
from sloth_tui.tui.widgets.stats_view import StatsPane
from sloth_tui.tui.widgets.write_rate import WriteRate
from tests.tui.driving import running, until
from tests.tui.state import elsewhere

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


@given(values=st.lists(st.floats(0, 1e9), max_size=20), height=st.integers(1, 4))
def test_a_plot_has_its_height_and_shows_whatever_is_more_than_nothing(
    values: list[float], height: int
) -> None:
    lines = skyline(values, height)
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
    one = Standing("k" * 300 + "世", 10_000_000, 5.0)
    survey = Survey(groups, True, {"largest": [one], "newest": [one], "oldest": [Standing("a", 0, None)]})
    for width in (30, 40, 76):
        lines = group_lines(survey, 1_000_100, width) + standing_lines(survey, 10.0, width)
        lines += type_lines({"string": 3, "bytes": 0, "integer": 1}, width)
        assert all(line.text.cell_length <= width for line in lines), width
        assert not any("\x1b" in line.text.plain for line in lines)
        for low in (False, True):
            rate = rate_of([0, 3, 2], width, low=low)
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
        await until(lambda: "most 0 " not in app.text() and "writes/s" in app.text(), every=0.04)
        prefixes = app.find(Choices, "#stats-prefixes")
        assert prefixes.highlighted is not None
        await app.press("home", "down", "enter")
        await until(lambda: app.table.count == 4 and app.browser.current == "keys")
        await app.press("5", "tab")
        await until(lambda: app.find(Choices, "#stats-standings").has_focus)
        await app.press("home", "enter")
        await until(lambda: app.table.key == "table:limits")


async def test_figures_are_of_the_agent_on_screen_and_of_no_other(believable: Path) -> None:
    elsewhere(
        "with open_store('production', 'write') as store:\n"
        "    for number in range(200): store.set('n', number)"
    )
    async with running() as app:
        await app.press("5")
        await app.sees("deployment:  4")
        app.browser.choose_agent("production")
        await app.sees("n              ")
        await app.sees("(none)")
        pane = app.find(StatsPane)
        width, top = pane.region.width, pane.region.y
        shown = "\n".join(line[:width] for line in app.text().split("\n")[top : top + pane.region.height])
        assert "deployment:" not in shown
        assert "most 0 " in shown
        # The rows are read by another thread, and follow by themselves.
        await app.loses("deployment:", seconds=60)
        await app.sees("6 Log 2", seconds=60)


async def test_all_figures_are_there_in_a_small_terminal_too(believable: Path) -> None:
    async with running(size=(60, 20)) as app:
        await app.press("5")
        await app.sees("% used")
        await app.sees("keys by prefix")
        await app.press("end")
        await until(lambda: app.find(StatsPane).has_class("-stacked"))
        await app.sees("oldest")
