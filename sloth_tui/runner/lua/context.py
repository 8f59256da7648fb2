"""What modules know about the task that calls them."""

from __future__ import annotations

import os

from sloth_tui.errors import UsageError
from sloth_tui.runner.lua.convert import text_from_lua

_LOCAL = ("local", "localhost")


class Context:
    """Where the running task acts, and where files are looked for."""

    def __init__(self, directory: str, *, may_act: bool) -> None:
        """``directory``: the task file's. ``may_act``: False while the file is only listed."""
        self.directory = directory
        self.delegate_to: str | None = None
        """The running task's."""
        self._may_act = may_act

    def check_target(self, delegate_to: object) -> None:
        """A call's own target, or else the task's, must be this machine. Raises UsageError."""
        target = self.delegate_to if delegate_to is None else text_from_lua(delegate_to, "delegate_to")
        if target is not None and target not in _LOCAL:
            raise UsageError(
                f"delegate_to '{target}' is not this machine, and no other can be reached",
                hint="use 'local', 'localhost' or nothing",
            )

    def check_acting(self) -> None:
        """Raises UsageError where a file is only listed."""
        if not self._may_act:
            raise UsageError("not while the file is only listed", hint="call it inside a task's run")

    def find_source(self, path: str) -> str:
        """A relative path means a file beside the task file, else one in the working directory."""
        beside = os.path.join(self.directory, path)
        return beside if os.path.lexists(beside) else path
