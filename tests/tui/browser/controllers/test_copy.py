"""What is copied."""

from __future__ import annotations

import asyncio
from typing import Any, cast
from unittest.mock import Mock

from sloth_tui.tui.browser.controllers.copy import CopyController
from sloth_tui.tui.widgets.key_table.marks import Marks
from tests.tui.browser.fake import ROW, Fake


def answered(value: object) -> asyncio.Future[Any]:
    future = asyncio.get_running_loop().create_future()
    future.set_result(value)
    return future


async def copied(fake: Fake, copy: CopyController) -> tuple[str, str]:
    """Run what the controller began; return the text in the clipboard, and the toast."""
    texts: list[str] = []

    async def put(text: str) -> str:
        texts.append(text)
        return ""

    copy._clipboard = Mock(put=put)
    await cast("Mock", fake.context.workers).look.call_args.args[0]
    return texts[0], cast("Mock", fake.context.operations).notify.call_args.args[0]


async def test_the_key_under_the_cursor_or_all_marked_ones_are_copied(fake: Fake) -> None:
    copy = CopyController(fake.context)
    copy.action_copy_key()
    assert await copied(fake, copy) == (ROW.key, f"copied the key {ROW.key}")
    fake.table.marks = Marks()
    fake.table.marks.add(["b", "a"])
    copy.action_copy_key()
    assert await copied(fake, copy) == ("a\nb", "copied 2 keys")


async def test_values_are_copied_as_they_are_printed(fake: Fake) -> None:
    fake.services.lookups.values = lambda keys: answered({ROW.key: "1.4"})
    copy = CopyController(fake.context)
    copy.action_copy_value()
    assert await copied(fake, copy) == ("1.4", f"copied the value of {ROW.key}")


async def test_the_command_line_of_a_secret_does_not_hold_its_value(fake: Fake) -> None:
    cast("Any", fake.context.panes).current = "detail"
    fake.services.is_secret.return_value = True
    fake.services.lookups.values = Mock()
    copy = CopyController(fake.context)
    copy.action_copy_command()
    line, _ = await copied(fake, copy)
    assert "state get" in line
    fake.services.lookups.values.assert_not_called()


def test_nothing_to_copy_is_said(fake: Fake) -> None:
    fake.table.row = None
    copy, operations = CopyController(fake.context), cast("Mock", fake.context.operations)
    for action in (copy.action_copy_key, copy.action_copy_value):
        action()
        operations.notify.assert_called_with("no key is chosen")
    cast("Any", fake.context.panes).current = "locks"
    cast("Any", fake.context.lazy).locks.highlighted = None
    copy.action_copy_name()
    operations.notify.assert_called_with("no lock is held")
