"""How a command stands, or ended, in words."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.text import format_duration

if TYPE_CHECKING:
    from sloth_tui.tui.services.commands.process import RunningCommand


class Outcome(NamedTuple):
    """What became of a command."""

    words: str
    """What follows its name: ``failed with exit code 3``."""
    failed: bool
    """True for what a person should look at; not for what he stopped himself."""


def outcome_of(command: RunningCommand) -> Outcome:
    code = command.exit_code
    if code is None:
        passed = format_duration(float(int(time.monotonic() - command.began)))
        return Outcome(f"is stopping, {passed}" if command.stopped else f"runs for {passed}", False)
    took = f" after {format_duration(round(command.duration, 2))}"
    if command.timed_out:
        return Outcome(f"took longer than {format_duration(command.handed.command.timeout or 0)}", True)
    if command.stopped:
        return Outcome(f"was stopped{took}", False)
    if code < 0:
        return Outcome(f"was ended by {_signal_name(-code)}{took}", True)
    return Outcome(f"failed with exit code {code}", True) if code else Outcome(f"is done{took}", False)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
