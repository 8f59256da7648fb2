"""All of the output of a run, as its events stand in the file."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from sloth_tui.runner.describe import RunDescriber, plain_text
from sloth_tui.runner.events import TaskOutput
from sloth_tui.runner.public_events import decode_public
from sloth_tui.runs.archive import Archive
from sloth_tui.tui.services.run_output.escapes import without_escapes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sloth_tui.runner.events import RunEvent
    from sloth_tui.runs.event_file import EventFile


def whole_output(run: str, is_secret: Callable[[str], bool]) -> Iterator[str]:
    """Yield the text of a run so far, harmless and without styles, in parts. Raises RunNotFound if its events
    are not kept."""
    return _parts(Archive().follow(run), RunDescriber(is_secret=is_secret))


def _parts(file: EventFile, describer: RunDescriber) -> Iterator[str]:
    with file:
        while lines := file.lines():
            shown = []
            for line in lines:
                with suppress(ValueError):
                    shown += [plain_text(told) for told in describer.lines(_plain(decode_public(line)))]
            yield "".join(f"{line}\n" for line in shown)


def _plain(event: RunEvent) -> RunEvent:
    return event._replace(text=without_escapes(event.text)) if isinstance(event, TaskOutput) else event
