"""Marks and ranges."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest

from sloth_tui.tui import messages
from sloth_tui.tui.browser.controllers.marks import MarksController
from sloth_tui.tui.widgets.key_table.marks import Marks
from tests.tui.browser.fake import ROW, Fake

if TYPE_CHECKING:
    from unittest.mock import Mock


@pytest.fixture
def marks(fake: Fake) -> Marks:
    marks = fake.table.marks = Marks()
    fake.table.marking.range_from = None
    return marks


async def look(fake: Fake, keys: list[str] | None) -> None:
    """Carry out the lookup that was asked for last, which finds these keys."""

    async def markable(found: object) -> list[str] | None:
        return keys

    cast("Any", fake.context.workers).markable = markable
    workers = cast("Mock", fake.context.workers)
    await (workers.look_up.call_args or workers.mark.call_args).args[0]()


def test_a_key_is_marked_and_the_cursor_moves_on(fake: Fake, marks: Marks) -> None:
    MarksController(fake.context).action_mark_key()
    assert marks.in_order() == [ROW.key]
    fake.table.action_move.assert_called_once_with(1)
    fake.table.marking.changed.assert_called_once_with()


async def test_all_keys_of_the_filter_are_marked_or_inverted(fake: Fake, marks: Marks) -> None:
    controller = MarksController(fake.context)
    marks.add(["a"])
    controller.action_mark_all()
    await look(fake, ["b", "c"])
    assert marks.in_order() == ["a", "b", "c"]
    controller.action_invert_marks()
    await look(fake, ["c", "d"])
    assert marks.in_order() == ["a", "b", "d"]
    controller.action_mark_all()
    await look(fake, None)
    assert marks.in_order() == ["a", "b", "d"]


async def test_keys_that_are_gone_are_not_marked_any_more(fake: Fake, marks: Marks) -> None:
    marks.add(["a", "b"])
    there: asyncio.Future[frozenset[str]] = asyncio.get_running_loop().create_future()
    there.set_result(frozenset({"b"}))
    fake.services.rows.lookups.existing.return_value = there
    MarksController(fake.context).on_marks_stale(messages.MarksStale())
    await look(fake, None)
    fake.services.rows.lookups.existing.assert_called_once_with(["a", "b"])
    assert marks.in_order() == ["b"]
    fake.table.marking.changed.assert_called_once_with()


async def test_a_range_is_shown_while_it_moves_and_kept_when_it_ends(fake: Fake, marks: Marks) -> None:
    controller, marking = MarksController(fake.context), fake.table.marking
    controller.on_range_moved(messages.RangeMoved("a", "c", ends=False))
    await look(fake, ["a", "b", "c"])
    marking.show_range.assert_called_once_with(["a", "b", "c"])
    marking.range_from = "a"
    controller.action_mark_range()
    await look(fake, ["a"])
    marking.end_range.assert_called_once_with(["a"])
