"""Events of a run, besides output, as lines with links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.model import TextPiece
from sloth_tui.runner import events
from sloth_tui.runner.describe import RunDescriber
from sloth_tui.runner.describe_hosts import host_of
from sloth_tui.text import display_text
from sloth_tui.tui.services.run_output.changes import RunChanges
from sloth_tui.tui.services.run_output.lines import KeyLink, OutputLine, find_source

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.runner.events import RunEvent
    from sloth_tui.tui.services.run_output.lines import Link

_TEXT_LIMIT = 2000
"""Characters of a text of a task that are shown, such as a key or a line of a diff."""


class RunTeller:
    """Describes the events of one run in the order they come, in the words of the command line."""

    def __init__(self, is_secret: Callable[[str], bool], how_to_kill: str) -> None:
        """``how_to_kill``: what a person does to end commands at once; empty if that is not possible."""
        self._describer = RunDescriber(is_secret=is_secret, how_to_kill=how_to_kill, limit=_TEXT_LIMIT)
        self.changes = RunChanges(is_secret)

    def lines(self, event: RunEvent) -> list[OutputLine]:
        """Return the lines that describe an event."""
        self.changes.take(event)
        task, host, link = getattr(event, "task", None), host_of(event), _link(event)
        lines = [OutputLine(pieces, "", task, host, link) for pieces in self._describer.lines(event)]
        if isinstance(event, events.RunFinished) and event.error and event.result == "error":
            lines.append(OutputLine((TextPiece(display_text(event.error, _TEXT_LIMIT), "bad"),), link=link))
            if event.hint:
                hint = f"hint: {display_text(event.hint, _TEXT_LIMIT)}"
                lines.append(OutputLine((TextPiece(hint, "quiet"),)))
        return lines


def _link(event: RunEvent) -> Link | None:
    if isinstance(event, (events.KeyChanged, events.KeyRestored)):
        return KeyLink(event.key)
    if isinstance(event, (events.TaskFinished, events.RunFinished)):
        return find_source(event.error)
    return None
