"""Commands that a check does not run, those that it does, and what the others are taken to have made."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from sloth_tui.errors import HostError
from sloth_tui.runner.hosts.host import ABSENT, DIRECTORY, Command, CommandEnd, no_directory

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.runner.hosts.host import Host
    from sloth_tui.runner.hosts.predicting.overlay import Overlay

_NOT_FOUND = (126, 127)
"""Exit codes of a shell that cannot run a command."""
_LONGEST_SHOWN = 120


class Assumptions:
    """What is taken for made by a command that was not run."""

    def __init__(self, on_assumption: Callable[[str], None] | None) -> None:
        self._on_assumption = on_assumption
        self.skipped: str | None = None
        """The last command that was not run, on one line; None before the first."""
        self.pending: str | None = None
        """The command that something was missing for since :meth:`take`."""

    def make(self) -> bool:
        """Return True, and remember it, if something that is missing may be made by a command that was not
        run."""
        if self.skipped is None:
            return False
        self.pending = self.skipped
        if self._on_assumption is not None:
            self._on_assumption(self.skipped)
        return True

    def take(self) -> str | None:
        """Return the command that has to make possible what was asked since the last call; None if nothing
        was missing."""
        pending, self.pending = self.pending, None
        return pending


class PredictingCommands:
    """Runs nothing on a host but commands that only read, and guards; paths are as the overlay predicts."""

    def __init__(self, host: Host, overlay: Overlay, assumptions: Assumptions) -> None:
        self._host = host
        self._overlay = overlay
        self._assumptions = assumptions

    def run(self, command: Command, grace: float, receive: Callable[[str, bytes], None]) -> CommandEnd:
        self._check_directory(command)
        skipped = self.check_guards(command)
        if skipped is not None:
            return CommandEnd(0, skipped)
        if not command.reads or not self._is_really_there(command.cwd):
            self._assumptions.skipped = shown(command.text)
            return CommandEnd(0)
        end = self._host.run(_without_paths(command), grace, receive)
        return CommandEnd(0) if end.code in _NOT_FOUND and self._assumptions.make() else end

    def check_guards(self, command: Command) -> str | None:
        if command.creates and all(self._exists(command, path) for path in command.creates):
            return f"creates {', '.join(command.creates)}"
        if command.removes and not any(self._exists(command, path) for path in command.removes):
            return f"removes {', '.join(command.removes)}"
        if (command.unless is None and command.onlyif is None) or not self._is_really_there(command.cwd):
            return None
        try:
            return self._host.check_guards(_without_paths(command))
        except HostError:
            if self._assumptions.make():
                return None
            raise

    def _check_directory(self, command: Command) -> None:
        """Raise HostError unless the directory that the command starts in would be there."""
        if command.cwd is not None:
            found = self._overlay.look(command.cwd, checksum=False, content=False)
            if found.kind != DIRECTORY and not (found.kind == ABSENT and self._assumptions.make()):
                raise HostError(no_directory(command.cwd, self._host.name))

    def _is_really_there(self, directory: str | None) -> bool:
        """True if a command can start in the directory as things are."""
        return directory is None or self._host.look([directory], checksum=False)[0].kind == DIRECTORY

    def _exists(self, command: Command, path: str) -> bool:
        found = self._overlay.look(posixpath.join(command.cwd or "", path), checksum=False, content=False)
        return found.kind != ABSENT


def shown(command: bytes) -> str:
    """Return a command on one line, shortened."""
    line = " ".join(command[: 4 * _LONGEST_SHOWN].decode("utf-8", "backslashreplace").split())
    return f"{line[:_LONGEST_SHOWN]}…" if len(line) > _LONGEST_SHOWN else line


def _without_paths(command: Command) -> Command:
    """Return the command without the guards that have been looked at here already."""
    return command._replace(creates=(), removes=())
