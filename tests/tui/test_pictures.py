"""Pictures of the app, compared with those that were looked at; ``--snapshot-update`` takes new ones."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from sloth_tui.settings import Settings
from sloth_tui.store import open_store
from sloth_tui.tui.app import SlothApp
from sloth_tui.tui.screens.confirm import ConfirmScreen
from sloth_tui.tui.widgets import agent_list, detail, key_lines, lock_list, stats_view, title_bar
from tests.tui.driving import Driver, until
from tests.tui.state import HOSTILE, fill

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from textual.pilot import Pilot

    Compare = Callable[..., bool]
    Scene = Callable[[Driver], Awaitable[None]]


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """What differs from run to run stands still: ages, time left, processes, paths."""
    for module in (agent_list, detail, key_lines, stats_view):
        monkeypatch.setattr(module, "format_age", lambda at, now: "-" if at is None else "5m ago")
    monkeypatch.setattr(lock_list, "drain", lambda remaining, lease: ("━━━━━╌╌╌", "$primary"))
    monkeypatch.setattr(lock_list, "format_duration", lambda seconds: "4m 12s")
    monkeypatch.setattr(lock_list, "describe_owner", lambda lock: ("● build-1:4242", "$success"))
    monkeypatch.setattr(title_bar, "_shorten", lambda path, room: f"~/state/{os.path.basename(path)}")


def picture(
    compare: Compare, size: tuple[int, int], scene: Scene | None = None, agent: str = "local"
) -> None:
    app = SlothApp(agent, Settings(), read_only=False)

    async def before(pilot: Pilot[int]) -> None:
        driver = Driver(app, pilot)
        await until(driver.settled)
        await driver.at_rest()
        if scene is not None:
            await scene(driver)
        await pilot.pause()

    assert compare(app, terminal_size=size, run_before=before)


@pytest.mark.parametrize("size", [(200, 60), (120, 40), (80, 24), (60, 20)], ids="{0[0]}x{0[1]}".format)
def test_size(believable: Path, snap_compare: Compare, size: tuple[int, int]) -> None:
    picture(snap_compare, size)


def test_empty(base: Path, snap_compare: Compare) -> None:
    picture(snap_compare, (80, 24))


def test_hostile(base: Path, snap_compare: Compare) -> None:
    fill("production", {f"{number:02}{text}": text for number, text in enumerate(HOSTILE)})
    with open_store("production", "write") as store:
        store.acquire(HOSTILE[0], HOSTILE[7], 600)
    picture(snap_compare, (120, 50), agent="production")


def test_clear_is_confirmed(believable: Path, snap_compare: Compare) -> None:
    async def ask(app: Driver) -> None:
        app.browser.action_clear_all()
        await until(lambda: isinstance(app.app.screen, ConfirmScreen))

    picture(snap_compare, (100, 30), ask)
