"""What is known of a run that is kept."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from sloth_tui.runner.request import RunRequest

GOING = "going"
LOST = "lost"
"""The result of a run whose process ended without saying how."""
_LONGEST_COMMAND_LINE = 100_000
"""Characters; more of it is not kept."""
ID_LENGTH = 12
_ID_CHARACTERS = frozenset("0123456789abcdef")


class Run(NamedTuple):
    """One run of a task file, as its record says. Times are unix seconds."""

    id: str
    """The id of its change set, too."""
    file: str
    """The absolute path of the task file."""
    agent: str
    store: str | None
    """The address of the store; None: the files of this machine."""
    check: bool
    """True if it only predicts."""
    tasks: tuple[str, ...]
    """The tasks that were asked for; empty means all."""
    title: str
    """What the history of the state calls it: ``run deploy.lua``."""
    command_line: str
    """The command that does the same, with the values of secrets masked."""
    directory: str
    """The working directory."""
    started: float
    ended: float | None = None
    """None while it goes on; of a run that was lost, the time of its last event."""
    result: str = GOING
    """``going``, the result of its last event (``done``, ``failed``, ``timeout``, ``cancelled``, ``error``),
    or ``lost``."""
    exit_code: int | None = None
    error: str | None = None
    hint: str | None = None
    would_change: bool = False
    """True if a check found something to change."""
    changed: int = 0
    """The number of changes, of keys and of resources; 0 while it goes on."""
    keys: int = 0
    """The number of changes of keys alone."""
    missing: int = 0
    """The number of events that could not be kept."""
    host: str = ""
    """The machine of its process."""
    pid: int = 0
    """The process that keeps it; 0 if that has not started yet."""

    @property
    def duration(self) -> float | None:
        """Seconds from start to end; None while it goes on."""
        return None if self.ended is None else max(0.0, self.ended - self.started)

    @property
    def going(self) -> bool:
        return self.result == GOING


def as_lost(run: Run, ended: float) -> Run:
    """Return a run whose process ended at this time, or later, without saying how."""
    error = "the process of the run ended without saying how: it was killed, or the machine went down"
    return run._replace(result=LOST, ended=max(run.started, ended), error=error)


def is_id(text: str) -> bool:
    """True for what looks like the id of a run."""
    return len(text) == ID_LENGTH and _ID_CHARACTERS.issuperset(text)


def new_run(request: RunRequest, run: str, store: str | None, command_line: str) -> Run:
    """Return the record of a run that begins now."""
    try:
        directory = os.getcwd()
    except OSError:  # it was removed
        directory = ""
    return Run(
        run,
        os.path.abspath(request.file) if directory else request.file,
        request.agent,
        store,
        request.check,
        request.tasks,
        request.title or f"run {request.file}",
        command_line[:_LONGEST_COMMAND_LINE],
        directory,
        time.time(),
    )
