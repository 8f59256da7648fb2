"""Marking keys, and acting on all that are marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_store
from sloth_tui.tui.dialogs.confirm import ConfirmScreen
from sloth_tui.tui.widgets.key_table import marks
from sloth_tui.tui.widgets.key_table.key_table import KeyTable
from tests.tui.driving import running, until
from tests.tui.state import ENTRIES, elsewhere, fill

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.slow


KEYS = sorted(ENTRIES)


async def test_marks_are_made_by_key_and_mouse_and_every_step_can_be_taken_back(believable: Path) -> None:
    async with running() as app:
        browser = app.browser
        await until(lambda: browser.context.chosen_keys == KEYS[:1], what="the key under the cursor")
        await app.press("space", "down", "space")
        assert browser.context.chosen_keys == [KEYS[0], KEYS[2]]
        await app.sees("2 marked")
        assert [line for line in app.text().splitlines() if "◆" in line and KEYS[2] in line]
        await app.press("i")
        await until(lambda: browser.context.chosen_keys == [KEYS[1], *KEYS[3:]])
        await app.press("asterisk")
        await until(lambda: browser.context.chosen_keys == KEYS)
        await app.press("escape")
        await app.loses("marked")
        await app.press("home", "v", "down", "down")
        await until(lambda: browser.context.chosen_keys == KEYS[:3], what="the range while it is chosen")
        await app.sees("v ends the range")
        await app.press("escape")
        await app.loses("marked")
        await app.press("end", "v", "up", "v", "home", "space")
        await until(lambda: browser.context.chosen_keys == [KEYS[0], *KEYS[-2:]])
        await app.press("escape")
        await app.loses("marked")
        await app.pilot.click(KeyTable, offset=(0, 2))
        await until(lambda: browser.context.chosen_keys == KEYS[1:2])
        await app.pilot.click(KeyTable, offset=(10, 4), shift=True)
        await until(lambda: browser.context.chosen_keys == KEYS[1:4])
        await app.pilot.click(KeyTable, offset=(10, 3), control=True)
        await until(lambda: browser.context.chosen_keys == [KEYS[1], KEYS[3]])


async def test_marks_outlive_a_filter_all_means_what_passes_it_and_they_go_with_their_keys_and_the_agent(
    believable: Path,
) -> None:
    async with running() as app:
        await app.press("space", "slash", *"dep", "enter")
        await until(lambda: app.table.count == 4)
        await app.press("asterisk")
        await until(
            lambda: (
                app.browser.context.chosen_keys == [KEYS[0], *KEYS[2:5], KEYS[6]] or len(app.table.marks) == 5
            )
        )
        assert all("dep" in key for key in app.browser.context.chosen_keys[1:])
        await app.press("escape")
        assert app.browser.context.chosen_keys == [app.table.key]
        assert app.table.count == 4
        await app.press("escape")
        await until(lambda: app.table.count == len(KEYS))
        await app.press("home")
        await until(lambda: app.table.key == KEYS[0])

        await app.press("space", "space")
        elsewhere(f"open_store('local', 'write').__enter__().delete({KEYS[0]!r})")
        await app.sees("1 marked")
        assert app.table.marks.in_order() == KEYS[1:2]
        await until(lambda: len(app.browser.agent_names) == 2)
        app.browser.choose_agent("production")
        await app.loses("marked")


async def test_deleting_acts_on_the_marks_and_what_is_for_one_key_refuses_them(believable: Path) -> None:
    async with running() as app:
        await app.press("space", "space")
        await app.sees("2 marked")
        for key in ("m", "e", "R", "C"):
            await app.press(key)
        await until(lambda: len(app.toasts) == 4)
        assert all(toast.startswith("2 keys are marked") for toast in app.toasts)
        assert len(app.app.screen_stack) == 1
        await app.press("d")
        await until(lambda: isinstance(app.app.screen, ConfirmScreen))
        await app.sees("Delete 2 keys?")
        assert all(key in app.text() for key in KEYS[:2])
        await app.press("right", "enter")
        await app.loses(KEYS[1])
        await app.loses("marked")
    with open_store("local", "read") as store:
        assert list(store.keys()) == KEYS[2:]


async def test_more_than_can_be_marked_is_said(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sloth_tui.tui.browser.workers.MAX_MARKS", 5)
    fill("local", {f"k{number}": number for number in range(6)})
    async with running() as app:
        await app.press("asterisk")
        await app.sees("more than 5 keys cannot be marked")
        assert not app.table.marks
        assert marks.MAX_MARKS == 100_000
