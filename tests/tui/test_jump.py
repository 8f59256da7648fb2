"""Jump mode: labels on panes, tabs and lines, and where they lead."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.widgets import Input

from sloth_tui.tui.browser.screen import BrowserScreen
from sloth_tui.tui.dialogs.jump import LETTERS, JumpScreen, make_labels
from sloth_tui.tui.widgets.title_bar import TitleBar
from tests.tui.driving import running, until
from tests.tui.state import HOSTILE, fill
from tests.tui.test_hostile import inspect

if TYPE_CHECKING:
    from pathlib import Path

    from tests.tui.driving import Driver

pytestmark = pytest.mark.slow


@given(st.integers(0, 900))
def test_no_label_begins_another(count: int) -> None:
    found = make_labels(count)
    assert len(found) == min(count, 676)
    assert len(set(found)) == len(found)
    short = {label for label in found if len(label) == 1}
    assert not any(label[0] in short for label in found if len(label) == 2)
    assert found == sorted(found, key=len)
    assert count > 26 or all(len(label) == 1 for label in found)


async def jumps_to(app: Driver, text: str) -> None:
    """Press ``f`` and the label that stands at the beginning of ``text`` or right before it."""
    await app.sees(text)
    await app.press("f")
    await until(lambda: isinstance(app.app.screen, JumpScreen))
    screen = cast("JumpScreen", app.app.screen)
    # The screen may have moved since it was looked at: the labels are for what is below them.
    lines = [strip.text for strip in screen._strips]
    y = next(number for number, line in enumerate(lines) if text in line)
    x = lines[y].index(text)
    label, _ = min(
        ((label, abs(target.x - x)) for label, target in screen._targets.items() if target.y == y),
        key=lambda found: found[1],
    )
    await app.sees("".join(label))
    await app.press(*label)
    await until(lambda: isinstance(app.app.screen, BrowserScreen))


async def test_everything_in_sight_can_be_jumped_to(believable: Path) -> None:
    async with running() as app:
        await app.sees("production")
        await app.sees("7 Run")
        await jumps_to(app, "deployment:status")
        await until(lambda: app.table.key == "deployment:status")
        await jumps_to(app, "5 Stats")
        await until(lambda: app.browser.current == "stats")
        await jumps_to(app, "4 Locks")
        await until(lambda: app.browser.current == "locks")
        await jumps_to(app, "/ ")
        await until(lambda: isinstance(app.app.focused, Input))
        await app.press("escape")
        await jumps_to(app, "production")
        await until(lambda: app.find(TitleBar).agent == "production" and app.browser.current == "agents")
        await app.sees("environment:type")
        await app.press("f", "escape")
        await until(lambda: isinstance(app.app.screen, BrowserScreen))
        await app.press("f")
        await until(lambda: isinstance(app.app.screen, JumpScreen))
        await app.pilot.resize_terminal(60, 20)
        await app.pilot.resize_terminal(61, 21)
        await until(lambda: isinstance(app.app.screen, BrowserScreen))
        await app.press("f", "space")
        await until(lambda: isinstance(app.app.screen, BrowserScreen))


async def test_labels_can_be_clicked_and_narrowed(base: Path) -> None:
    fill(entries={f"{number:03}": number for number in range(60)})
    async with running(size=(120, 60)) as app:
        await app.press("f")
        await until(lambda: isinstance(app.app.screen, JumpScreen))
        screen = cast("JumpScreen", app.app.screen)
        pairs = {label: target for label, target in screen._targets.items() if len(label) == 2}
        label, target = next(iter(pairs.items()))
        await app.press(label[0])
        await until(lambda: app.glance().split("\n")[target.y][target.x] == label[1])
        await app.pilot.click(offset=(target.x, target.y))
        await until(lambda: isinstance(app.app.screen, BrowserScreen))
    assert set("".join(make_labels(676))) == set(LETTERS)


async def test_over_hostile_data(base: Path) -> None:
    fill(entries={f"{number:02}{text}": text for number, text in enumerate(HOSTILE)})
    async with running(size=(121, 60)) as app:
        await app.press("f")
        await until(lambda: isinstance(app.app.screen, JumpScreen))
        inspect(app)
        widths = {sum(segment.cell_length for segment in strip) for strip in app.strips()}
        assert widths == {121}
