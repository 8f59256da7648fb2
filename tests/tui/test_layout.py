"""Terminals of every size show what matters, and everything can be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.command import CommandPalette
from textual.widget import Widget

from sloth_tui.tui.actions import DOCK, PANES
from sloth_tui.tui.browser.layout import arrange
from sloth_tui.tui.theme import NIGHT
from sloth_tui.tui.widgets.title_bar import PaneStrip, TitleBar
from tests.support import rounds, sweep
from tests.tui.driving import running, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.tui.driving import Driver

pytestmark = pytest.mark.slow


@given(
    st.integers(1, 400),
    st.integers(1, 200),
    st.sampled_from(list(PANES)),
    st.sampled_from(DOCK),
    st.booleans(),
)
def test_the_current_pane_is_always_shown_and_hidden_ones_are_named(
    width: int, height: int, current: str, tab: str, zoomed: bool
) -> None:
    layout = arrange(width, height, current, tab, zoomed=zoomed)
    assert current in layout.panes
    assert layout.panes <= set(PANES)
    assert layout.panes == {current} or "keys" in layout.panes or current == "detail"
    assert len(layout.panes & set(DOCK)) <= 1
    if zoomed:
        assert layout.panes == {current}


def shown(app: Driver) -> set[str]:
    """The panes in sight."""
    seen = {
        str(pane.id)
        for pane in app.browser.query("Pane, HostedPane")
        if all(node.display for node in path(pane))
    }
    return seen & set(PANES)


async def shows(app: Driver, panes: set[str]) -> None:
    await until(lambda: shown(app) == panes, what=f"{panes} in sight")


def path(pane: Widget) -> list[Widget]:
    return [node for node in pane.ancestors_with_self if isinstance(node, Widget)]


async def test_a_size_shows_its_panes_and_the_rest_by_key(believable: Path) -> None:
    sizes = {
        (200, 60): {"agents", "keys", "detail", "locks"},
        (120, 40): {"agents", "keys", "detail", "locks"},
        (80, 24): {"agents", "keys", "locks"},
        (60, 20): {"keys"},
        (30, 8): {"keys"},
    }
    async with running(size=(200, 60)) as app:
        for size, panes in list(sizes.items())[:: rounds(2, 1)]:
            await app.pilot.resize_terminal(*size)
            await app.press("4", "2")
            await shows(app, panes)
            for number, pane in enumerate(PANES, 1):
                await app.press(str(number))
                assert pane in shown(app)
                focused = app.app.focused
                assert focused is not None
                assert app.browser.context.panes.pane(pane) in focused.ancestors


async def test_panes_that_are_hidden_are_reached_by_tab_by_enter_and_by_clicks_on_their_names(
    believable: Path,
) -> None:
    async with running(size=(60, 20)) as app:
        await app.press("down", "enter")
        await until(lambda: shown(app) == {"detail"})
        await app.sees("cluster:members")
        await app.press("escape")
        assert shown(app) == {"keys"}

        seen: list[str] = []
        for _ in range(12):
            await app.press("tab")
            if not seen or seen[-1] != app.browser.current:
                seen.append(app.browser.current)
        assert set(seen) == set(PANES)
        before = app.browser.current
        await app.press("shift+tab", "tab")
        assert app.browser.current == before

        names = str(app.find(PaneStrip).render())
        await app.pilot.click(PaneStrip, offset=(names.index("Stats"), 0))
        assert shown(app) == {"stats"}
        assert app.find(PaneStrip).current == "stats"
        await app.pilot.click(TitleBar, offset=(8, 0))
        await until(lambda: isinstance(app.app.screen, CommandPalette), what="agents to choose from")


async def test_the_first_picture_has_the_colours_of_the_theme_and_zoom_and_resizing_change_only_the_layout(
    believable: Path,
) -> None:
    async with running() as app:
        assert app.app.current_theme is NIGHT
        assert app.browser.styles.background.hex.lower() == NIGHT.background

        await app.press("3", "z")
        assert shown(app) == {"detail"}
        await app.press("escape")
        assert len(shown(app)) == 4
        await app.press("escape")
        assert app.browser.current == "keys"

        await app.goes_to("deployment:status")
        for width, height in ((60, 20), (200, 60), (80, 24), (120, 40)):
            await app.pilot.resize_terminal(width, height)
            await app.sees("deployment:status")
        assert app.table.key == "deployment:status"
        await until(lambda: len(shown(app)) == 4)


@pytest.mark.parametrize("size", sweep([(36, 9), (14, 5), (1, 1)], [(36, 9), (1, 1)]))
async def test_of_the_smallest_terminals_the_current_pane_has_all(
    believable: Path, size: tuple[int, int]
) -> None:
    async with running(size=size) as app:
        for number, pane in enumerate(PANES, 1):
            await app.press(str(number))
            assert shown(app) == {pane}
        if size[0] > 30:
            await app.sees("1  2  3  4  5  6  7 Run")
