"""Entries with a time to live, in the terminal UI."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from textual.widgets import Input, TextArea

from sloth_tui.store import clock as clocks
from sloth_tui.store import open_store
from sloth_tui.tui.dialogs.edit import EditScreen
from sloth_tui.tui.dialogs.prompt import NameScreen
from tests.store.manual_clock import ManualClock
from tests.tui.driving import running, until
from tests.tui.test_changes import closed, opened
from tests.tui.test_entry_changes import told

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow
DAY = 86400.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    """The clock by which entries live in this process."""
    manual = ManualClock()
    manual.step_wall(time.time() - manual.wall())
    monkeypatch.setattr(clocks, "SYSTEM_CLOCK", manual)
    return manual


def left(key: str) -> float | None:
    with open_store("local") as store:
        return store.ttl(key)


async def test_it_is_given_shown_and_taken_away(believable: Path) -> None:
    async with running(size=(200, 40)) as app:
        assert "  left" not in app.text()
        await app.goes_to("deployment:status")
        await app.press("L")
        await opened(app, NameScreen)
        await app.sees("How long deployment:status has to live")
        field = app.on_top(Input)
        assert field.value == ""
        for wrong, why in {
            "soon": "'soon' is not a duration",
            "0": "a time to live is more than 0 seconds",
            "600w": "a time to live is more than 0 seconds and at most ten years",
        }.items():
            field.value = wrong
            await app.press("enter")
            await app.sees(why)
        field.value = "9d"
        await app.press("enter")
        await closed(app)
        await told(app, "deployment:status is gone after 9d")
        await app.sees("8d 23h left")
        await until(lambda: "   left" in app.glance(), what="the column")
        seconds = left("deployment:status")
        assert seconds is not None
        assert 8 * DAY < seconds <= 9 * DAY
        await app.press("L")
        await opened(app, NameScreen)
        assert app.on_top(Input).value == "8d 23h"
        app.on_top(Input).value = ""
        await app.press("enter")
        await closed(app)
        await told(app, "deployment:status stays")
        await app.loses("8d 23h left")
        assert left("deployment:status") is None


async def test_past_its_time_it_leaves_the_screen_with_a_revision(
    believable: Path, clock: ManualClock
) -> None:
    async with running(size=(140, 40)) as app:
        await app.sees("deployment:ratio")
        with open_store("local", "write") as store:
            store.set("deployment:brief", "gone soon", ttl=60)
        await app.sees("deployment:brief")
        clock.advance(60)
        await app.loses("deployment:brief")
        with open_store("local") as store:
            await until(lambda: store.next_expiry() is None, what="its end recorded")
            newest = next(store.revisions("deployment:brief"))
        assert newest.operation == "delete"
        assert newest.origin is not None
        assert newest.origin.user == "expired"
        await app.press("6")
        await app.sees("time to live was over")


async def test_a_reader_lets_it_go_and_deletes_nothing(believable: Path, clock: ManualClock) -> None:
    async with running(size=(140, 40), read_only=True) as app:
        await app.sees("deployment:ratio")
        with open_store("local", "write") as store:
            store.set("deployment:brief", "gone soon", ttl=60)
            revision = store.revision()
        await app.sees("deployment:brief")
        clock.advance(60)
        await app.loses("deployment:brief")
        with open_store("local") as store:
            assert store.revision() == revision


async def test_the_info_tells_when_it_is_over_and_it_is_changed_while_editing_and_kept_otherwise(
    believable: Path,
) -> None:
    with open_store("local", "write") as store:
        store.set_ttl("deployment:status", 9 * DAY)
    async with running(size=(140, 40)) as app:
        await app.goes_to("deployment:status")
        await app.press("I")
        await app.sees("lives    8d 23h left")
        await app.press("e")
        await opened(app, EditScreen)
        assert app.app.screen.query_one("#edit-limit", Input).value == "8d 23h"
        app.on_top(TextArea).text = "paused"
        await app.press("ctrl+s")
        await closed(app)
        kept = left("deployment:status")
        assert kept is not None
        assert 8 * DAY < kept <= 9 * DAY

        await app.sees("paused")
        await app.press("e")
        await opened(app, EditScreen)
        app.app.screen.query_one("#edit-limit", Input).value = "20d"
        await app.press("escape")
        await app.sees("Not saved.")
        await app.press("ctrl+s")
        await closed(app)
        await told(app, "deployment:status has another time to live")
        given = left("deployment:status")
        assert given is not None
        assert given > 19 * DAY

        await app.press("e")
        await opened(app, EditScreen)
        app.on_top(TextArea).text = "done"
        app.app.screen.query_one("#edit-limit", Input).value = ""
        await app.press("ctrl+s")
        await closed(app)
        assert left("deployment:status") is None


async def test_rename_keeps_it_and_duplicate_does_not_bring_it(believable: Path) -> None:
    with open_store("local", "write") as store:
        store.set_ttl("deployment:status", 9 * DAY)
    async with running() as app:
        await app.goes_to("deployment:status")
        await app.press("C")
        await opened(app, NameScreen)
        app.on_top(Input).value = "copy"
        await app.press("enter")
        await closed(app)
        assert left("copy") is None
        await app.goes_to("deployment:status")
        await app.press("R")
        await opened(app, NameScreen)
        app.on_top(Input).value = "renamed"
        await app.press("enter")
        await closed(app)
        kept = left("renamed")
        assert kept is not None
        assert 8 * DAY < kept <= 9 * DAY
