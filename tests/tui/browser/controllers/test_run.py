"""The run of a file."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from sloth_tui.tui import messages
from sloth_tui.tui.browser.controllers.run import RunController
from sloth_tui.tui.dialogs.choose_file import FileChoice

if TYPE_CHECKING:
    from unittest.mock import Mock

    from tests.tui.browser.fake import Fake


async def test_a_run_shows_its_pane_only_when_a_file_was_chosen(fake: Fake) -> None:
    operations, workers = cast("Any", fake.context.operations), cast("Mock", fake.context.workers)
    chosen: list[asyncio.Future[FileChoice | None]] = []

    async def choose() -> FileChoice | None:
        return await chosen[-1]

    operations.choose_file = choose
    run = RunController(fake.context)
    for choice in (None, FileChoice("a.lua", check=True)):
        chosen.append(asyncio.get_running_loop().create_future())
        chosen[-1].set_result(choice)
        run.action_run_path()
        await workers.look.call_args.args[0]
    fake.services.run_file.assert_called_once_with("a.lua", check=True)
    cast("Mock", fake.context.panes).show.assert_called_once_with("run")


def test_output_is_shown_in_batches_and_all_of_it_before_the_end(fake: Fake) -> None:
    run, pane = RunController(fake.context), cast("Any", fake.context.lazy).run
    fake.services.take_run_output.return_value = SimpleNamespace(lines=["a"], task="t", changed=2)
    run.on_run_began(messages.RunBegan("a.lua", "local"))
    run.on_run_progressed(messages.RunProgressed())
    pane.add.assert_not_called()
    run.on_run_ended(messages.RunEnded("done", 1.5, None))
    assert [call[0] for call in pane.method_calls] == ["begin", "add", "end"]
    pane.add.assert_called_once_with(["a"], "t", 2)
    pane.end.assert_called_once_with("done", 1.5, None, would_change=False)


def test_stopping_without_a_run_is_said(fake: Fake) -> None:
    fake.services.stop_run.return_value = False
    RunController(fake.context).action_stop_run()
    cast("Mock", fake.context.operations).notify.assert_called_once_with("nothing is running")
