"""What is asked for by a run that is run again."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from sloth_tui.errors import Refused
from sloth_tui.text import display_text, listed

if TYPE_CHECKING:
    from sloth_tui.runner.request import RunRequest
    from sloth_tui.tui.services.runs.watched import WatchedRun

_NAME_CHARACTERS = 40
_MOST_NAMES = 5


def request_again(run: WatchedRun) -> RunRequest:
    """Return what the run was asked. Raises Refused if that is not known."""
    if run.request is None:
        hint = "choose its file in Files; its command line is in History"
        raise Refused("this run was not started here: its values are not known", hint=hint)
    return run.request


def request_for_failed(run: WatchedRun) -> tuple[RunRequest, str]:
    """Return the request that runs what failed once more, and what is to be said about it. Raises Refused if
    nothing failed."""
    request = request_again(run)
    if run.going:
        raise Refused("the run goes on", hint="stop it, or wait for its end")
    failed = run.failed_tasks
    if not failed:
        if run.result == "done":
            raise Refused("nothing failed")
        return request, "no task began: all of it runs again"
    shown = listed([display_text(name, _NAME_CHARACTERS) for name in failed], _MOST_NAMES)
    hosts = any(one.host is not None for one in run.progress.tasks if one.task in failed)
    where = ", on all their hosts" if hosts else ""
    said = f"again: {shown}{where}, and what they depend on"
    return request._replace(tasks=failed, workflow=None), said


def command_for(command_line: str, tasks: tuple[str, ...]) -> str:
    """Return a command line with these tasks in place of its own; empty if it cannot be read."""
    try:
        words = shlex.split(command_line)
    except ValueError:
        return ""
    kept, skip = [], False
    for word in words:
        if (
            not skip
            and not word.startswith(("--task=", "--workflow="))
            and word not in ("--task", "--workflow")
        ):
            kept.append(word)
        skip = not skip and word in ("--task", "--workflow")
    chosen = [part for task in tasks for part in _option(task)]
    return shlex.join([*kept, *chosen]) if kept else ""


def _option(task: str) -> list[str]:
    return [f"--task={task}"] if task.startswith("-") else ["--task", task]
