"""Reads the events of all runs that are on screen, on one thread."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING

from sloth_tui.errors import SlothError
from sloth_tui.threads import Thread
from sloth_tui.tui.messages import RunEnded, RunProgressed, ThreadDied

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.message import Message

    from sloth_tui.runs.archive import Archive
    from sloth_tui.tui.services.runs.watched import WatchedRun

_POLL_SECONDS = 0.02
_FIRST_SECONDS = 1.0
_FIRST_POLL_SECONDS = 0.002
"""Of a run that has just begun: its first line is waited for."""
_TELL_SECONDS = 0.04
"""Between two messages about one run, in the long run."""
_FIRST_PAUSE_SECONDS = 0.01
"""How long a new run that has printed nothing may wait to be drawn: one picture with its first line is there
sooner than two."""
_MOST_AT_ONCE = 3
"""Messages about one run that may come sooner: its first lines do not come together."""
_REST_SECONDS = 0.002
"""Between two parts of a file, for the thread that draws."""
_PART_BYTES = 128 * 1024
_SWITCH_SECONDS = 0.001
"""After which one thread lets another run that wants to. With Python's own 5 ms keys would wait for output,
and the start of a run for a picture."""


class Follower:
    """Posts RunProgressed while a run says something, and RunEnded once, when all of it was read."""

    def __init__(self, post: Callable[[Message], object], archive: Archive) -> None:
        sys.setswitchinterval(_SWITCH_SECONDS)
        self._post = post
        self._archive = archive
        self._runs: list[WatchedRun] = []
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: Thread | None = None
        self._over = False
        self._told: dict[str, float] = {}
        """When the next message about a run would come if all had been as far apart as in the long run."""
        self._first: dict[str, float] = {}
        """When a run said something for the first time."""
        self._news: set[str] = set()

    def follow(self, run: WatchedRun) -> None:
        """Read this run from now on, too."""
        with self._lock:
            if run not in self._runs:
                self._runs.append(run)
            if self._thread is None:
                self._thread = Thread(self._work, "runs")
                self._thread.start()
        self._wake.set()

    def stop(self) -> None:
        """End the thread."""
        self._over = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        try:
            while not self._over:
                with self._lock:
                    runs = [run for run in self._runs if not run.ended]
                    self._runs = runs
                read = sum([self._look_at(run) for run in runs])
                if not runs:
                    self._wake.wait()
                    self._wake.clear()
                else:
                    young = any(time.time() - run.run.started < _FIRST_SECONDS for run in runs)
                    poll = _FIRST_POLL_SECONDS if young else _POLL_SECONDS
                    time.sleep(_REST_SECONDS if read else poll)
        except Exception as error:  # noqa: BLE001  # a bug must end the app, not silence the screen
            self._post(ThreadDied(error))

    def _look_at(self, run: WatchedRun) -> int:
        try:
            run.open(self._archive.follow)
        except SlothError:
            self._end(run)
            return 0
        lines = run.read(_PART_BYTES)
        if lines:
            self._news.add(run.id)
        if run.is_read and run.is_gone:
            self._end(run)
        elif run.id in self._news and self._may_tell(run):
            self._news.discard(run.id)
            self._post(RunProgressed(run.id))
        return lines

    def _may_tell(self, run: WatchedRun) -> bool:
        """Return True if a message about a run is neither too soon nor one too many, and count it."""
        now = time.monotonic()
        first = self._first.setdefault(run.id, now)
        if now < first + _FIRST_PAUSE_SECONDS and not run.progress.has_output:
            return False
        next_one = max(self._told.get(run.id, 0.0), now - (_MOST_AT_ONCE - 1) * _TELL_SECONDS)
        if next_one > now:
            return False
        self._told[run.id] = next_one + _TELL_SECONDS
        return True

    def _end(self, run: WatchedRun) -> None:
        try:
            record = self._archive.find(run.id)
        except SlothError:  # it is not kept
            record = None
        run.close(record)
        self._news.discard(run.id)
        self._told.pop(run.id, None)
        self._first.pop(run.id, None)
        self._post(RunEnded(run.id))
