"""End the app while runs or commands go on."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING

from sloth_tui.text import display_text, format_duration

if TYPE_CHECKING:
    from sloth_tui.tui.operations.common import Operations
    from sloth_tui.tui.services import Services
    from sloth_tui.tui.services.runs.watched import WatchedRun

_POLL_SECONDS = 0.05
"""Between two checks whether stopped runs have ended."""


async def leave_work(operations: Operations, services: Services) -> str | None:
    """Ask what becomes of runs and commands that go on; stop them and wait, or leave the runs. Return what is
    to be said once the terminal is the shell's again; None to stay."""
    from sloth_tui.tui.dialogs.leave_runs import LEAVE

    answer = await _ask(operations, services) if services.running else ""
    if answer is None or (services.running_commands and not await operations.confirm_stop_commands()):
        return None
    left = services.runs.leave() if answer == LEAVE else []
    # The output shows how long commands may take; asked again, they are killed.
    for run in services.runs.held if services.running else []:
        services.runs.stop(run.id)
    services.stop_commands()
    while services.running or services.running_commands:
        await asyncio.sleep(_POLL_SECONDS)
    return "\n".join(f"{_what(run)} goes on:\n  {_attach(run)}" for run in left)


async def _ask(operations: Operations, services: Services) -> str | None:
    from sloth_tui.tui.dialogs.leave_runs import LeaveRunsScreen

    held = services.runs.held
    unkept = next((run.problem for run in held if run.problem is not None), None)
    runs = [(f"{_what(run)}, {_passed(run)}", _attach(run)) for run in held]
    return await operations.ask(LeaveRunsScreen(runs, unkept)) or None


def _what(run: WatchedRun) -> str:
    verb = "check" if run.run.check else "run"
    return f"{verb} {display_text(os.path.basename(run.file), 60)} on {display_text(run.run.agent, 40)}"


def _passed(run: WatchedRun) -> str:
    return format_duration(float(int(max(time.time() - run.run.started, 0.0))))


def _attach(run: WatchedRun) -> str:
    return f"sloth-runner runs attach {run.id}"
