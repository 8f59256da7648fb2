"""Keys that come faster than the screen follows."""

from __future__ import annotations

import asyncio
from concurrent.futures import CancelledError, Future
from threading import Event
from typing import TYPE_CHECKING

import pytest
from textual.events import Hide
from textual.screen import ModalScreen

from sloth_tui.tui.services.rows import Rows
from sloth_tui.tui.widgets.dock.lock_list import LocksPane
from tests.support import A_MINUTE
from tests.tui.driving import running, until

if TYPE_CHECKING:
    from pathlib import Path

    from sloth_tui.model import Query
    from sloth_tui.store.port import Store

pytestmark = pytest.mark.slow


async def test_the_pane_with_the_focus_is_the_current_one(
    believable: Path,
) -> None:
    async with running() as app:
        browser = app.browser
        for name in ("agents", "keys", "detail", "keys", "log", "keys"):
            browser.perform(f"show_{name}")
        await app.pilot.pause()
        assert app.app.focused is app.table
        assert browser.current == "keys"


async def test_a_pane_that_is_left_by_a_dialog_does_not_come_back(believable: Path) -> None:
    async with running() as app:
        for turns in range(0, 24, 2):
            app.browser.perform("show_stats")
            await until(lambda: app.browser.current == "stats")
            dialog = ModalScreen[None]()
            await app.app.push_screen(dialog, lambda _: app.browser.perform("show_locks"))
            for _ in range(turns):  # of the event loop: what follows from opening it is under way
                await asyncio.sleep(0)
            dialog.dismiss()
            await until(lambda: app.app.screen is app.browser)
            await app.at_rest(3)
            assert app.browser.current == "locks"
            assert app.app.focused is not None
            assert app.find(LocksPane) in app.app.focused.ancestors_with_self


async def test_a_pane_that_hears_late_that_it_was_hidden_keeps_the_focus(believable: Path) -> None:
    """It is on screen again by then."""
    async with running() as app:
        for keys in ("4", "7", "4"), ("r", "3", "slash"):
            await app.press(*keys)
            focused = app.app.screen.focused
            assert focused is not None
            focused.post_message(Hide())
            await app.pilot.pause()
            assert app.app.screen.focused is focused


async def test_what_acts_on_marks_waits_until_they_are_made(
    believable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running() as app:
        lookups = app.app.services.rows.lookups
        keys, answers = lookups.keys, list[Future[list[str]]]()

        def late(limit: int) -> Future[list[str]]:
            answers.append(Future())
            return answers[-1]

        monkeypatch.setattr(lookups, "keys", late)
        await app.press("asterisk", "i", "asterisk", "d")
        for count in 1, 2, 3:  # each waits for the one before
            await until(lambda count=count: len(answers) == count)  # type: ignore[misc]
            await app.at_rest(2)
            assert len(answers) == count
            assert app.app.screen is app.browser
            answers[-1].set_result(keys(100).result(A_MINUTE))
        await app.sees("Delete 9 keys?")
        await app.press("escape")
        await until(lambda: app.app.screen is app.browser)
        await app.press("escape")  # unmarks
        await app.press("asterisk", "d", "escape", "d")  # Escape takes back what is not done yet
        await until(lambda: app.app.screen is not app.browser)
        assert len(answers) == 4
        await app.sees("Delete 1 key?")


async def test_the_cursor_is_moved_while_another_order_is_awaited(
    believable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = Event()
    index = Rows._index

    def slow(rows: Rows, agent: str, query: Query, generation: int) -> None:
        go_on.wait(A_MINUTE)
        index(rows, agent, query, generation)

    async with running() as app:
        monkeypatch.setattr(Rows, "_index", slow)
        await app.press("down", "down")
        await until(lambda: app.table.key == "deployment:count")
        await app.press("T", "down", "down", "up")
        await until(lambda: app.table.key == "deployment:ratio")
        go_on.set()
        # The cursor would have been on "deployment:" and is one line below.
        await until(lambda: app.table.node == "flag:")


async def test_an_answer_that_is_not_awaited_any_more_ends_nothing(believable: Path) -> None:
    async with running() as app:
        begun, go_on = Event(), Event()

        def slow(store: Store) -> int:
            begun.set()
            go_on.wait(60)
            return store.count()

        reader = app.browser.services._reader
        first, second = reader.call(slow), reader.call(lambda store: store.count())
        await until(begun.is_set)
        assert not first.cancel()
        assert second.cancel()
        go_on.set()
        await until(first.done)
        with pytest.raises(CancelledError):
            second.result()
        third = reader.call(lambda store: store.count())
        await until(third.done)
        assert third.result() == first.result() > 0
