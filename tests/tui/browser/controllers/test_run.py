"""The Run tab of the dock, and what the run screen is told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from sloth_tui.errors import NotWritable, SlothError
from sloth_tui.runner.events import RunFinished, TaskOutput
from sloth_tui.runner.request import RunRequest
from sloth_tui.runs.model import Run
from sloth_tui.tui import messages
from sloth_tui.tui.browser.controllers.run import RunController
from sloth_tui.tui.dialogs.choose_file import FileChoice
from sloth_tui.tui.services.runs.watched import WatchedRun
from tests.tui.run_screen.output import add_events

if TYPE_CHECKING:
    from unittest.mock import Mock

    from tests.tui.browser.fake import Fake


def watched(id: str = "0123456789ab") -> WatchedRun:  # noqa: A002
    run = Run(id, "/tasks/a.lua", "local", None, False, (), "run a.lua", "", "/tasks", 0.0)
    return WatchedRun(run, lambda key: False, request=RunRequest("a.lua", "local"))


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


def test_the_dock_shows_the_newest_run_to_its_end_and_no_other(fake: Fake) -> None:
    controller, pane = RunController(fake.context), cast("Any", fake.context.lazy).run
    run, other = watched(), watched("ba9876543210")
    fake.services.runs.newest = run
    for one in (run, other):
        controller.on_run_began(messages.RunBegan(one.id))
    pane.begin.assert_called_once_with("a.lua", "local", check=False)
    add_events(run.output, [TaskOutput("t", "print", f"{n}", partial=n == 499) for n in range(500)])
    controller.on_run_progressed(messages.RunProgressed(other.id))
    pane.add.assert_not_called()
    controller.on_run_progressed(messages.RunProgressed(run.id))
    (left_out,), ((first, *_, last), number) = (call.args for call in pane.add.call_args_list)
    assert left_out[0][0].text == "… 100 lines left out"
    assert (first[-1].text, last[-1].text, number) == ("100", "499", 100)
    add_events(run.output, [TaskOutput("t", "print", "all")])
    run.progress.finished = RunFinished(run.id, "done", 0, 1.5, None, None)
    controller.on_run_ended(messages.RunEnded(run.id))
    assert pane.rewrite.call_args.args[0] == 499
    assert pane.rewrite.call_args.args[1][0][-1].text == "all"
    pane.end.assert_called_once_with("done", 1.5, None, would_change=False)


def test_what_is_refused_is_said_in_the_dock_or_on_the_screen_above(fake: Fake) -> None:
    controller, pane = RunController(fake.context), cast("Any", fake.context.lazy).run
    error = SlothError("no process for it")
    controller.on_run_refused(messages.RunRefused(RunRequest("b.lua", "web"), error))
    pane.begin.assert_called_once_with("b.lua", "web", check=False)
    pane.end.assert_called_once_with("error", 0.0, "no process for it")
    cast("Mock", fake.context.operations).show_error.assert_not_called()
    stop = NotWritable("it is another user's")
    controller.on_run_refused(messages.RunRefused(None, stop))
    cast("Mock", fake.context.operations).show_error.assert_called_once_with(stop)


def test_stopping_without_a_run_is_said(fake: Fake) -> None:
    fake.services.stop_run.return_value = False
    RunController(fake.context).action_stop_run()
    cast("Mock", fake.context.operations).notify.assert_called_once_with("nothing is running")
