"""Start runs as a screen does, and read what is kept of them."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sloth_tui.runner.request import RunRequest
from sloth_tui.runs.starting import start
from sloth_tui.settings import Settings
from tests.runner.support import write
from tests.support import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sloth_tui.runs.event_file import EventFile
    from sloth_tui.runs.starting import StartedRun

GOES_ON = """
task({name = "waits", run = function()
  print("begun")
  cmd("sleep 600")
end})
"""


@contextmanager
def started(
    directory: Path, text: str, settings: Settings | None = None, **fields: Any
) -> Iterator[StartedRun]:
    """A run of this text, which has ended at the end of the context."""
    path = write(directory, text)
    run = start(RunRequest(path, "local", **fields), settings=settings or Settings(), command_line="run it")
    try:
        yield run
    finally:
        run.kill()
        ended = run.wait(60)
        run.close()
        assert ended


def lines_until(events: EventFile, text: bytes) -> list[bytes]:
    """Return the lines up to one that holds this text."""
    found: list[bytes] = []

    def seen() -> bool:
        found.extend(events.lines())
        return any(text in line for line in found)

    wait_until(seen, what=f"{text!r} in {found}")
    return found


def all_events(events: EventFile) -> list[dict[str, Any]]:
    """Return the rest of the events of a run, up to its end."""
    found: list[bytes] = []

    def over() -> bool:
        found.extend(events.lines())
        return events.ended

    wait_until(over, what="the end of the run")
    return [json.loads(line) for line in found]
