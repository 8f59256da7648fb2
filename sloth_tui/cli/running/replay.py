"""Show what a kept run has printed, as the command line showed it, or would have."""

from __future__ import annotations

import time
from contextlib import nullcontext
from typing import TYPE_CHECKING

from sloth_tui.cli.running.follow import shown_on
from sloth_tui.cli.running.kept_run import warn_of_damage
from sloth_tui.errors import ExitCode, NotFound, SlothError
from sloth_tui.runner.describe_hosts import host_of
from sloth_tui.runner.events import RunFinished, RunStarted, is_partial
from sloth_tui.runs.archive import Archive
from sloth_tui.runs.model import LOST, as_lost
from sloth_tui.runs.reading import EventReader
from sloth_tui.text import listed

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.runner.events import RunEvent
    from sloth_tui.settings import Settings


_MOST_TASKS = 8


class Replay:
    """One run that is shown."""

    def __init__(
        self,
        beginning: str,
        settings: Callable[[], Settings],
        *,
        task: str | None = None,
        host: str | None = None,
    ) -> None:
        """``beginning``: that of its id. ``task`` and ``host``: show only their events. Raises RunNotFound,
        UsageError."""
        self._archive = Archive()
        self.run = self._archive.find(beginning)
        """What is known of it: how it ended, once it was shown to its end."""
        self._settings = settings
        self._task = task
        self._host = host
        self._tasks: list[str] | None = None
        self._finished: RunFinished | None = None
        self._shows = False

    def show(
        self, out: Output, *, follow: bool, as_json: bool = False, live: bool = False
    ) -> SlothError | None:
        """Show the events, with ``follow`` to the end of the run. Return why the run failed; None if it did
        not, or goes on. ``live``: with a line of progress on a terminal. Raises NotFound if there is nothing
        of the task or host that is shown."""
        stop = f"sloth-runner runs stop --kill {self.run.id}"
        with self._archive.follow(self.run.id) as file:
            reader = EventReader(file)
            context: AbstractContextManager[Callable[[RunEvent], None] | None] = nullcontext()
            if not as_json:
                context = shown_on(
                    out, self._settings, as_json=False, traces=False, live=live, how_to_kill=stop
                )
            with context as show:
                for event, line in reader.events(follow=follow):
                    if not self._is_wanted(event) or (show is None and is_partial(event)):
                        continue
                    if show is None:
                        out.json(line.decode("utf-8", "surrogateescape") + "\n")
                        if follow:
                            out.flush()
                    else:
                        show(event)
        warn_of_damage(self.run, reader)
        self._look_again(over=follow)
        self._refuse_nothing()
        return self._failure()

    def _is_wanted(self, event: RunEvent) -> bool:
        if isinstance(event, RunStarted):
            self._tasks = event.tasks
        elif isinstance(event, RunFinished):
            self._finished = event
        if self._task is not None and getattr(event, "task", None) != self._task:
            return False
        if self._host is not None and host_of(event) != self._host:
            return False
        self._shows = True
        return True

    def _refuse_nothing(self) -> None:
        """Raise NotFound if nothing is known of the task or host that was asked for, and nothing will be."""
        if self._shows or (self._task is None and self._host is None):
            return
        tasks = self._tasks or []
        if self.run.going and (self._task in tasks or self._tasks is None or self._task is None):
            return
        wanted = [f"task '{self._task}'"] if self._task is not None else []
        wanted += [f"host '{self._host}'"] if self._host is not None else []
        hint = f"its tasks: {listed(tasks, _MOST_TASKS)}" if tasks and self._task not in tasks else None
        raise NotFound(f"run {self.run.id} has no output of {' for '.join(wanted)}", hint=hint)

    def _look_again(self, *, over: bool) -> None:
        try:
            self.run = self._archive.find(self.run.id)
        except SlothError:  # it was removed meanwhile, or is not kept after its end
            end = self._finished
            if end is not None:
                self.run = self.run._replace(
                    result=end.result, exit_code=end.exit_code, error=end.error, hint=end.hint
                )
            elif over and self.run.going:
                self.run = as_lost(self.run, time.time())

    def _failure(self) -> SlothError | None:
        run = self.run
        if run.going or run.exit_code in (ExitCode.OK, ExitCode.WOULD_CHANGE):
            return None
        error = SlothError(run.error or f"the run ended: {run.result}", hint=run.hint)
        if run.result != LOST and run.exit_code is not None:
            error.exit_code = run.exit_code
        return error
