"""All runs that are kept."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sloth_tui.agents import base_directory, refuse_lost_directory, unreadable
from sloth_tui.errors import Refused, RunNotFound, SlothError, UsageError
from sloth_tui.runs.event_file import EventFile
from sloth_tui.runs.folder import folder_of, read_run, remove, runs_directory
from sloth_tui.runs.model import is_id
from sloth_tui.text import format_count, listed

if TYPE_CHECKING:
    from sloth_tui.runs.model import Run
    from sloth_tui.settings import Settings


class Archive:
    """The runs of one base directory. Folders that cannot be read, and what else is there, are left out."""

    def __init__(self, base: str | None = None) -> None:
        """``base``: the base directory; the default is that of this process. Raises UsageError if there is
        none."""
        self.base = base_directory() if base is None else base

    def runs(self, agent: str | None = None, limit: int | None = None) -> list[Run]:
        """Return the runs, newest first; ``agent``: only those on its state; ``limit``: at most so many.
        Raises DatabaseUnusable if it cannot be known which there are."""
        found = [run for name in self._names() if (run := read_run(folder_of(self.base, name))) is not None]
        if agent is not None:
            found = [run for run in found if run.agent == agent]
        found.sort(key=lambda run: (run.started, run.id), reverse=True)
        return found if limit is None else found[:limit]

    def find(self, beginning: str) -> Run:
        """Return the run whose id begins like this. Raises RunNotFound, UsageError if several do, and
        DatabaseUnusable."""
        names = [beginning] if is_id(beginning) else self._names()
        found = [name for name in names if beginning and name.startswith(beginning)]
        if len(found) > 1:
            raise UsageError(
                f"'{beginning}' is how the ids of {format_count(len(found), 'run')} begin",
                hint=f"give more of it: {listed(sorted(found), 5)}",
            )
        run = read_run(folder_of(self.base, found[0])) if found else None
        if run is None:
            self._names()  # unless they cannot be read at all
            raise RunNotFound(f"no run '{beginning}' is kept", hint="see sloth-runner runs list")
        return run

    def follow(self, run: str) -> EventFile:
        """Open the events of the run with this id. Raises RunNotFound."""
        try:
            return EventFile(folder_of(self.base, run))
        except OSError as error:
            raise RunNotFound(f"the events of run '{run}' are not kept", hint=error.strerror) from error

    def stop(self, run: Run, *, kill: bool = False, wait: bool = False) -> bool:
        """Ask a run that goes on to end; ``kill``: with its commands, at once. Return False if it has ended.

        A second request kills, too. ``wait``: return when it has ended. Raises Refused if it cannot be
        reached."""
        from sloth_tui.runs.stopping import stop

        return stop(folder_of(self.base, run.id), kill=kill, wait=wait)

    def forget(self, run: str) -> None:
        """Remove what is kept of the run with this id. Raises Refused while it goes on, and RunNotFound."""
        path = folder_of(self.base, self.find(run).id)
        kept = read_run(path)
        if kept is not None and kept.going:
            raise Refused(f"run {run} goes on", hint="stop it first")
        remove(path)
        if os.path.exists(path):
            raise SlothError(f"{path} cannot be removed")

    def prune(self, settings: Settings) -> int:
        """Remove what is not to be kept by the settings, oldest first; return the number of runs removed."""
        from sloth_tui.runs.pruning import prune, retention_of

        return prune(self.base, retention_of(settings))

    def _names(self) -> list[str]:
        directory = runs_directory(self.base)
        try:
            return [name for name in os.listdir(directory) if is_id(name)]
        except FileNotFoundError:
            refuse_lost_directory(directory)
            return []
        except OSError as error:
            raise unreadable(directory, error) from error
