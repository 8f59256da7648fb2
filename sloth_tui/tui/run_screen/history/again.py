"""The request that runs a kept run once more."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sloth_tui.runner.request import RunRequest
    from sloth_tui.runs.model import Run
    from sloth_tui.tui.services import Services

_KNOWN = ("--agent", "-a", "--task", "--store")
"""Options of which the record tells all that they ask for."""
_FLAGS = ("--check", "--diff")


def request_of(run: Run, services: Services) -> RunRequest | None:
    """Return what the run asked for; None if its record does not tell it all, such as its values."""
    watched = services.runs.by_id(run.id)
    if watched is not None and watched.request is not None:
        return watched.request
    if not _tells_all(run.command_line):
        return None
    from sloth_tui.runner.request import RunRequest

    return RunRequest(
        run.file, run.agent, run.tasks, grace=services.settings.grace, check=run.check, diff=run.check
    )


def _tells_all(command_line: str) -> bool:
    try:
        program, command, *words = shlex.split(command_line)
    except ValueError:
        return False
    if command != "run" or not program.endswith(("sloth-runner", "sloth-tui")):
        return False
    expects_value = False
    for word in words:
        if expects_value:
            expects_value = False
        elif word.startswith("-"):
            name, given, _ = word.partition("=")
            if word not in _FLAGS and name not in _KNOWN:
                return False
            expects_value = word not in _FLAGS and not given
    return True
