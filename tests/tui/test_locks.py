"""The locks: how much of their time is left, and which columns there is room for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sloth_tui.model import Lock, Owner
from sloth_tui.store import open_store
from sloth_tui.tui.dialogs.confirm import ConfirmScreen
from sloth_tui.tui.widgets.dock.lock_list import LocksPane, LockTable, draw_bar
from tests.tui.driving import running, until
from tests.tui.state import elsewhere
from tests.tui.test_changes import closed, opened

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


def lock(name: str, holder: str, *, alive: bool | None = True, remaining: float = 30.0) -> Lock:
    owner = None if alive is None else Owner("build-1", 4242, 1, "boot")
    return Lock(name, holder, 17, 1000.0, 1060.0, remaining, owner, ephemeral=True, alive=alive)


@given(remaining=st.floats(0, 100), lease=st.floats(0.1, 100) | st.none(), width=st.integers(1, 20))
def test_a_bar_is_as_long_as_its_room_and_never_longer_than_what_is_left(
    remaining: float, lease: float | None, width: int
) -> None:
    bar, ending, _ = draw_bar(remaining, lease, width)
    assert len(bar) == width
    assert ending == (remaining < 10 or (lease is not None and remaining / lease < 0.1))
    filled = bar.count("━") + bar.count("╸") / 2
    share = 1.0 if lease is None else min(remaining / lease, 1.0)
    assert -0.001 <= filled - share * width <= 0.51


def test_what_does_not_fit_is_left_out_whole_and_name_and_time_stay() -> None:
    locks = [lock("deployment", "nightly"), lock("世" * 30, "[red]\x1b[2J", alive=None)]
    before = 0
    for width in (24, 36, 56, 76, 118):
        shape = LockTable(locks, width)
        lines = [shape.heading(), *(shape.line(one, 7.0, 1030.0) for one in locks)]
        assert {line.cell_length for line in lines} == {lines[0].cell_length}, width
        assert lines[0].cell_length <= width
        assert "lock  " in lines[0].plain
        assert "!7s" in lines[1].plain
        shown = len(lines[0].plain.split())
        assert shown >= before
        before = shown
    assert before == 7
    assert "● build-1:4242" in lines[1].plain
    assert "30s" in lines[1].plain


async def test_locks_come_name_who_took_them_and_run_out(believable: Path) -> None:
    elsewhere("open_store('local', 'write').__enter__().acquire('orphan', 'a-job', 300)")
    async with running() as app:
        locks = app.find(LocksPane)
        await app.sees("4 Locks 2")
        await app.press("4", "j")
        await until(lambda: locks.highlighted is not None and locks.highlighted.name == "orphan")
        await app.sees(f":{os.getpid()}")
        assert "gone" not in app.text()
        await app.press("b")
        await opened(app, ConfirmScreen)
        await app.sees("depends on no process")
        assert "gone" not in app.text()
        await app.sees("token ")
        await app.press("escape")
        await closed(app)
        with open_store("local", "write") as store:
            store.acquire("brief", "x", 9)
        await app.sees("brief")
        await app.sees(" !")
        with open_store("local", "write") as store:
            store.renew("brief", "x", 0.5)
        await app.loses("brief")
        await app.sees("4 Locks 2")
        await app.press("b")
        await opened(app, ConfirmScreen)
        await app.press("right", "enter")
        await app.sees("4 Locks 1")
        # For a while a toast covers what follows.
        await until(lambda: app.toasts)
        app.app.clear_notifications()
        await app.sees("orphan broken by ")
