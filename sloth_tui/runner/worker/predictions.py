"""What a run that only predicts has predicted on hosts, and what it had to assume."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.runner.events import Resource, Warned

if TYPE_CHECKING:
    from sloth_tui.runner.hosts.host import Host
    from sloth_tui.runner.hosts.predicting.host import PredictingHost
    from sloth_tui.runner.lua.context import Context
    from sloth_tui.runner.worker.emitter import Emitter

PREDICTIONS_LOST = "what earlier tasks would change is forgotten: the next ones are checked without it"
"""The warning of a process that goes on where another one has ended."""
_LOCAL = "local"


class Predictions:
    """The hosts of a run that only predicts, by name."""

    def __init__(self, emitter: Emitter) -> None:
        self._emitter = emitter
        self._hosts: dict[str, PredictingHost] = {}
        self._task: str | None = None
        self._warned: set[str] = set()

    def begin(self, task: str) -> None:
        """Report for this task what it meets."""
        self._task = task
        self._warned.clear()

    def warn(self, message: str) -> None:
        """Report what a run would meet, once for a task."""
        if message not in self._warned:
            self._warned.add(message)
            self._emitter.event(Warned(self._task, message))

    def meet_lock(self, name: str, message: str) -> None:
        """Report a lock that a run would find held, for people and for programs. It is no change."""
        self.warn(message)
        self._emitter.event(Resource(self._task, _LOCAL, "lock", name, False, True, [message]))

    def predicting(self, host: Host) -> Host:
        """Return a host over this one that only predicts."""
        from sloth_tui.runner.hosts.predicting.host import PredictingHost

        predicting = PredictingHost(host, self._assumed)
        self._hosts[host.name] = predicting
        return predicting

    def explain(self, context: Context) -> None:
        """Let the modules of task code ask what a failure is due to."""
        context.explains, context.forget_assumption = self.explains, self.forget_assumption
        context.excuse = self.excuse

    def forget_assumption(self, name: str) -> None:
        """Begin a call on a host."""
        for each in {name, _LOCAL} & self._hosts.keys():
            self._hosts[each].assumptions.take()

    def take_assumption(self, name: str) -> str | None:
        """Return the command that has to make possible what was done on a host since the last call."""
        taken = [self._hosts[each].assumptions.take() for each in (name, _LOCAL) if each in self._hosts]
        return next((each for each in taken if each is not None), None)

    def explains(self, name: str, error: Exception) -> bool:
        """True if a call on a host failed because of something that a command was to make."""
        if name in self._hosts and self._hosts[name].assumptions.pending:
            return True
        here = self._hosts.get(_LOCAL)
        return isinstance(error, FileNotFoundError) and here is not None and here.assumptions.make()

    def excuse(self, name: str, command: str) -> bool:
        """True if anything was predicted on a host before a command that only reads failed there."""
        host = self._hosts.get(name)
        if host is None or not (host.overlay or host.assumptions.skipped):
            return False
        self.warn(f"'{command}' failed: what it reads may be there after the changes before it")
        return True

    def here(self) -> PredictingHost:
        """Return the host over this machine, which has been asked for before."""
        return self._hosts[_LOCAL]

    def _assumed(self, command: str) -> None:
        self.warn(f"predicted as if '{command}' had made what is missing")
