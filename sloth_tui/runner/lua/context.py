"""What modules know about the calling task, and the protocols by which they report to the worker."""

from __future__ import annotations

import os
from typing import Protocol

from sloth_tui.errors import UsageError
from sloth_tui.runner.lua.convert import text_from_lua

_LOCAL = ("local", "localhost")


class OutputSink(Protocol):
    """Receives the output of a task."""

    def write(self, stream: str, data: bytes, size: int | None = None) -> None:
        """Pass on each line of ``data``. ``size``: its size in bytes before the caller cut it, if it did."""

    def catch_up(self) -> None:
        """Send everything that is pending, in case the next step ends this process."""


class ChangeSink(Protocol):
    """Reports what the task has written to the store."""

    def wrote(self) -> None:
        """Note a commit, and report it unless the last report was just now."""

    def report_pending(self) -> None:
        """Report every commit that is not reported yet."""


class Context:
    """The machine that the running task acts on, and the directory its files are in."""

    def __init__(self, directory: str, *, may_act: bool) -> None:
        """``directory``: that of the task file. ``may_act``: False while the file is only listed."""
        self.directory = directory
        self.delegate_to: str | None = None
        """That of the running task."""
        self._may_act = may_act

    def check_target(self, delegate_to: object) -> None:
        """Raises UsageError unless the target of a call, by default that of the task, is this machine."""
        target = self.delegate_to if delegate_to is None else text_from_lua(delegate_to, "delegate_to")
        if target is not None and target not in _LOCAL:
            raise UsageError(
                f"delegate_to '{target}' is not this machine, and no other can be reached",
                hint="use 'local', 'localhost' or nothing",
            )

    def check_acting(self) -> None:
        """Raises UsageError while the file is only listed."""
        if not self._may_act:
            raise UsageError("not while the file is only listed", hint="call it inside a task's run")

    def find_source(self, path: str) -> str:
        """Resolve a relative path: beside the task file if it exists there, else in the working directory."""
        beside = os.path.join(self.directory, path)
        return beside if os.path.lexists(beside) else path
