"""What runs for several hosts have told. ``local`` and ``localhost`` both name this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.runner.events import (
    TaskFinished,
    TaskOutput,
    TaskStarted,
)

if TYPE_CHECKING:
    from tests.runner.support import Told


FOUR = '"local", "localhost", "c", "d"'
"""Four hosts. The tasks of the last two may not act."""


def results(told: Told) -> dict[tuple[str, str | None], str]:
    return {(event.task, event.host): event.result for event in told.of(TaskFinished)}


def errors(told: Told) -> dict[tuple[str, str | None], str]:
    return {(event.task, event.host): event.error for event in told.of(TaskFinished) if event.error}


def lines_on(told: Told, host: str | None) -> list[str]:
    return [event.text for event in told.of(TaskOutput) if event.host == host]


def most_at_once(told: Told) -> int:
    running, most = 0, 0
    for event in told.events:
        running += isinstance(event, TaskStarted) - isinstance(event, TaskFinished)
        most = max(most, running)
    return most
