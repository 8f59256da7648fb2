"""Start, find and stop runs."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

from sloth_tui.errors import SlothError
from sloth_tui.runs.archive import Archive
from sloth_tui.runs.folder import runs_directory
from sloth_tui.threads import Thread
from sloth_tui.tui.messages import RunBegan, RunRefused, RunsFound
from sloth_tui.tui.services.runs.follower import Follower
from sloth_tui.tui.services.runs.touched import TouchedKeys
from sloth_tui.tui.services.runs.watched import WatchedRun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from textual.message import Message

    from sloth_tui.runner.request import RunRequest
    from sloth_tui.runs.model import Run
    from sloth_tui.settings import Settings

_CLOSE_MARGIN_SECONDS = 5.0
"""Added to the grace period of commands."""
_LOOK_SECONDS = 0.02


class Runs:
    """All methods but :meth:`close` return at once, from any thread."""

    def __init__(
        self, post: Callable[[Message], object], is_secret: Callable[[str], bool], settings: Settings
    ) -> None:
        self.archive = Archive()
        """The runs that are kept."""
        self._post = post
        self._is_secret = is_secret
        self._settings = settings
        self._follower = Follower(post, self.archive)
        self._lock = threading.Lock()
        self._runs: dict[str, WatchedRun] = {}
        self._starting = self._starts = 0
        self._ending = False
        self._looking = False
        self._seen = 0

    # What there is.

    @property
    def all(self) -> list[WatchedRun]:
        """Runs that were started here, or that went on elsewhere when they were found, oldest first."""
        with self._lock:
            return sorted(self._runs.values(), key=lambda run: run.run.started)

    def by_id(self, id: str) -> WatchedRun | None:  # noqa: A002  # as everywhere else
        """Return the run of this id, if it is one of these."""
        with self._lock:
            return self._runs.get(id)

    @property
    def running(self) -> bool:
        """True while a run goes on that was started here, and would be stopped with the app."""
        return self._starting > 0 or bool(self.held)

    @property
    def held(self) -> list[WatchedRun]:
        """The runs that would be stopped when the app ends now, oldest first."""
        return [run for run in self.all if run.holds_us]

    @property
    def newest(self) -> WatchedRun | None:
        """The run that was started here last."""
        return next((run for run in reversed(self.all) if run.is_ours), None)

    @property
    def started(self) -> set[str]:
        """The ids of all runs that were started here."""
        return {run.id for run in self.all if run.is_ours}

    def touched(self, agent: str) -> TouchedKeys | None:
        """Return the keys of an agent that were changed by the runs that go on, else by the one that was
        started here last; None without such a run."""
        runs = [run for run in self.all if run.run.agent == agent and not run.run.check]
        shown = [run for run in runs if run.going] or [run for run in runs if run.is_ours][-1:]
        return TouchedKeys(run.progress for run in shown) if shown else None

    # What a person does.

    def start(self, request: RunRequest, command_line: str = "") -> None:
        """Start a run. RunBegan follows, or RunRefused if there is no process for it, or no key of its store;
        then RunProgressed while it goes on, and RunEnded."""
        thread = Thread(lambda: self._start(request, command_line), "start run")
        with self._lock:
            self._starting += 1
            self._starts += 1
        try:
            thread.start()
        except (MemoryError, RuntimeError):
            self._starting -= 1
            raise

    def stop(self, id: str) -> bool:  # noqa: A002
        """Ask a run to end; the second time, kill it. Return False if it does not go on. RunStopFailed
        follows if it cannot be reached."""
        run = self.by_id(id)
        if run is None or run.ended:
            return False
        if run.is_ours and not run.left:
            run.stop()
        else:
            run.asked += 1
            Thread(lambda: self._stop_elsewhere(run), "stop run").start()
        return True

    def leave(self) -> list[WatchedRun]:
        """Let all runs go on when the app ends; return those that do."""
        held = self.held
        for run in held:
            run.leave()
        return [run for run in held if run.left]

    def open(self, id: str) -> None:  # noqa: A002
        """Read the events of a run, going on elsewhere or over. RunBegan follows, and the rest as after
        :meth:`start`; RunRefused if it is not kept any more."""
        if (run := self.by_id(id)) is not None:
            self._follower.follow(run)
        else:
            Thread(lambda: self._open(id), "open run").start()

    def look(self) -> None:
        """Find runs that go on elsewhere; RunsFound follows if there are others than before."""
        with self._lock:
            if self._looking:
                return
            self._looking = True
        Thread(self._look, "find runs").start()

    def close(self) -> None:
        """End the runs that would not go on, and wait for their processes as long as they may take."""
        self._ending = True
        deadline = time.monotonic() + self._settings.grace + _CLOSE_MARGIN_SECONDS
        for run in self.held:
            if not run.asked:
                run.stop()
        while self.running and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
        self._follower.stop()
        for run in self.all:
            if not run.ended:
                run.close(None)

    # On threads.

    def _start(self, request: RunRequest, command_line: str) -> None:
        from sloth_tui.runs.starting import start
        from sloth_tui.store.worker_keys import keys_for_worker

        run = None
        try:
            keys = keys_for_worker(request.agent)
            started = start(request, keys=keys, command_line=command_line, settings=self._settings)
            run = WatchedRun(started.run, self._is_secret, started=started, request=request)
            self._add(run)
        except SlothError as error:
            self._post(RunRefused(request, error))
        finally:
            with self._lock:
                self._starting -= 1
        if run is not None:
            if self._ending:
                run.stop()
            self._post(RunBegan(run.id))
            self._follower.follow(run)

    def _open(self, id: str) -> None:  # noqa: A002
        try:
            run = WatchedRun(self.archive.find(id), self._is_secret)
        except SlothError as error:
            self._post(RunRefused(None, error))
            return
        self._add(run)
        self._post(RunBegan(run.id))
        self._follower.follow(run)

    def _stop_elsewhere(self, run: WatchedRun) -> None:
        try:
            self.archive.stop(run.run, kill=run.asked > 1)
        except SlothError as error:
            self._post(RunRefused(None, error))

    def _look(self) -> None:
        newest, starts = self._newest_folder(), self._starts
        try:
            if newest != self._seen:
                found = [run for run in self.archive.runs() if run.going]
                # One that is being started here might be among them, and not be known yet.
                if not self._starting and self._starts == starts:
                    self._seen = newest
                    if self._take_up(found):
                        self._post(RunsFound())
        except SlothError:  # it cannot be known which there are
            self._seen = newest
        finally:
            self._looking = False

    def _take_up(self, found: Iterable[Run]) -> bool:
        """Add runs that are new; return True if there are any."""
        new = [WatchedRun(run, self._is_secret) for run in found if self.by_id(run.id) is None]
        for run in new:
            self._add(run)
            self._follower.follow(run)
        return bool(new)

    def _newest_folder(self) -> int:
        """Return when a folder of a run was last made or removed; 0 if there is none."""
        try:
            return os.stat(runs_directory(self.archive.base)).st_mtime_ns
        except OSError:
            return 0

    def _add(self, run: WatchedRun) -> None:
        with self._lock:
            self._runs[run.id] = run
