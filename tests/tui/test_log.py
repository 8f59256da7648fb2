"""The log: who changed what, and taking back one of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.model import ChangeSet, Origin
from sloth_tui.store import open_store
from sloth_tui.tui.dialogs.change_set import ChangeSetScreen
from sloth_tui.tui.dialogs.confirm import ConfirmScreen
from sloth_tui.tui.widgets.dock.log_view import LogPane, LogTable, find_undone
from tests.tui.driving import running, until
from tests.tui.state import elsewhere
from tests.tui.test_changes import closed, opened, stored

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


def change(number: int, title: str) -> ChangeSet:
    origin = Origin("ana", "host", 1, "sloth-tui", title)
    return ChangeSet(str(number), 0.0, origin, number, number, 1, 0)


def test_what_was_taken_back_is_told_from_the_titles() -> None:
    changes = [change(1, "set a"), change(2, "set b"), change(3, "undo 1: set a")]
    assert find_undone(changes[::-1]) == {"1"}
    changes.append(change(4, "redo 1: set a"))
    assert find_undone(changes[::-1]) == set()


def test_columns_fit_any_width_and_the_title_stays() -> None:
    changes = [change(number, "clear --prefix 世界 of everything") for number in (1, 22, 333)]
    for width in (20, 40, 58, 76, 118, 200):
        shape = LogTable(changes, width)
        assert shape.heading().cell_length <= max(width, 14)
        line = shape.line(changes[0], 60.0, gone=False)
        assert line.cell_length == shape.heading().cell_length
        assert "clear" in line.plain


async def test_the_log_lists_shows_and_takes_back(believable: Path) -> None:
    elsewhere(
        "with open_store('local', 'write') as store:\n    store.set('deployment:status', 'rolling')\n"
        "with open_store('local', 'write') as store:\n"
        "    store.set('app:api_token', 'another')\n    store.delete('flag:enabled')"
    )
    async with running() as app:
        log = app.find(LogPane)
        await app.sees("6 Log 3")
        await app.press("6")
        await app.sees("what was done")
        assert [one.revisions for one in log.change_sets] == [2, 1, 9]
        await app.press("enter")
        await opened(app, ChangeSetScreen)
        await app.sees("u takes it back · enter goes to the key · x reveals · esc closes")
        await app.sees("~ app:api_token: •••••••• → ••••••••")
        await app.sees("- flag:enabled (was true)")
        await app.press("x")
        await app.sees("~ app:api_token: tok_very_secret → another")
        await app.press("down", "down", "down", "up", "escape")
        await closed(app)
        await app.press("down", "u")
        await opened(app, ConfirmScreen)
        await app.sees("~ deployment:status: complete → rolling")
        await app.press("right", "enter")
        await until(lambda: stored("deployment:status") == "complete")
        await app.sees("6 Log 4")
        await app.sees("↶ ")
        assert log.highlighted == log.change_sets[2]
        await app.press("home", "enter")
        await opened(app, ChangeSetScreen)
        await app.press("u")
        await until(lambda: stored("deployment:status") == "rolling")
        await app.press("end", "enter")
        await opened(app, ChangeSetScreen)
        await app.sees("+ table:limits")
        await app.press("down", "down", "enter")
        await until(lambda: app.table.key == "deployment:count")


async def test_nothing_is_taken_back_in_a_store_that_is_only_read(believable: Path) -> None:
    async with running(read_only=True) as app:
        await app.sees("6 Log 1")
        await app.press("6", "enter")
        await opened(app, ChangeSetScreen)
        await app.press("u")
        await until(lambda: app.toasts and app.toasts[-1].startswith("read-only"))
    with open_store("local", "read") as store:
        assert len(list(store.change_sets())) == 1


async def test_the_keys_of_a_change_set_are_told_in_words_that_fit_a_narrow_terminal(
    believable: Path,
) -> None:
    async with running(size=(60, 30)) as app:
        await app.press("6")
        await app.sees("what was done")
        await app.press("enter")
        await opened(app, ChangeSetScreen)
        await app.sees("u undo · enter go there · x reveal · esc close")
