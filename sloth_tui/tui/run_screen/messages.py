"""What the views ask of the run screen. All of them bubble up to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

from sloth_tui.tui.services.run_output.lines import SourceLink, source_path

if TYPE_CHECKING:
    from sloth_tui.runner.request import RunRequest
    from sloth_tui.tui.services.run_output.buffer import OutputBuffer
    from sloth_tui.tui.services.run_output.lines import Link


class RunAsked(Message):
    """The user asked for a run, or for a check if the request says so."""

    def __init__(self, request: RunRequest, command_line: str) -> None:
        super().__init__()
        self.request = request
        self.command_line = command_line
        """The command line that does the same; values of secrets are masked."""


class RunWanted(Message):
    """The user wants to see this run in the Run view, going on or over."""

    def __init__(self, id: str) -> None:  # noqa: A002  # as everywhere else
        super().__init__()
        self.id = id


class KeyWanted(Message):
    """The user wants to see this key in the table of its agent."""

    def __init__(self, agent: str, key: str) -> None:
        super().__init__()
        self.agent = agent
        self.key = key


class SourceWanted(Message):
    """The user wants to see a line of a Lua file."""

    def __init__(self, file: str, line: int | None = None) -> None:
        super().__init__()
        self.file = file
        self.line = line
        """From 1; None: no line in particular."""


def message_for(link: Link, buffer: OutputBuffer) -> Message | None:
    """Return what to ask for where a link of a run's output leads."""
    started = buffer.started
    if isinstance(link, SourceLink):
        return SourceWanted(source_path(link, started), link.line)
    return None if started is None else KeyWanted(started.agent, link.key)
