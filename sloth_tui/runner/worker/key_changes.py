"""Report which keys a run changed, read back from the store, so that only what was committed is reported."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sloth_tui.errors import SlothError
from sloth_tui.runner.events import Warned
from sloth_tui.runner.key_events import key_changed

if TYPE_CHECKING:
    from sloth_tui.runner.worker.emitter import Emitter
    from sloth_tui.store.port import Store

_MAX_WRITES = 25
_REPORT_SECONDS = 0.05
"""The time between reports while a task writes and prints nothing."""


class KeyChangeReporter:
    """Sends a KeyChanged for each revision of one worker of this run since the last report."""

    def __init__(self, emitter: Emitter, run: str, pid: int, *, predicted: bool = False) -> None:
        """``pid``: the process of the worker that runs Lua. ``predicted``: the store is a copy, and nothing
        is really changed."""
        self._emitter = emitter
        self._run = run
        self._pid = pid
        self._predicted = predicted
        self._since = 0
        self._store: Store | None = None
        self._next = 0.0
        self._writes = 0
        self._unsent = 0
        self._most_writes = 1
        self._warned = False
        self.pending = False
        """True if something was committed since the last report."""
        self.count = 0
        """Revisions reported since it was set to 0."""

    def watch(self, store: Store, since: int, keep_revisions: int) -> None:
        """Report the changes after revision ``since``.

        ``keep_revisions``: the number of revisions of a key that history keeps. Those of a task that writes
        in a loop must be read before they are trimmed.
        """
        self._store, self._since = store, since
        self._most_writes = max(1, min(_MAX_WRITES, keep_revisions // 2))

    def wrote(self) -> None:
        """Note a commit, and report it unless the last report was just now."""
        self.pending = True
        self._writes += 1
        if self._writes >= self._most_writes or time.monotonic() >= self._next:
            self.report()

    def report_pending(self) -> None:
        """Report every commit that is not reported yet."""
        if self.pending:
            self.report()

    def report(self) -> None:
        """Report all changes of the worker since the last report. If they cannot be read, warn of it, once:
        they are made, and what the task does next is not to fail for it."""
        self.pending = False
        self._writes = 0
        if self._store is None:
            return
        try:
            self._read_back(self._store)
        except SlothError as error:
            if not self._warned:
                self._warned = True
                self._emitter.event(Warned(None, f"changes could not be read back: {error.message}"))
        if self._unsent >= self._most_writes:
            # If this process is killed, another worker reads back what was not sent, as far as history goes.
            self._emitter.flush()
            self._unsent = 0
        self._next = time.monotonic() + _REPORT_SECONDS

    def _read_back(self, store: Store) -> None:
        for revision in store.revisions_since(self._since):
            self._since = revision.revision
            origin = revision.origin
            if origin is not None and (origin.run, origin.pid) == (self._run, self._pid):
                self.count += 1
                self._unsent += 1
                self._emitter.event(key_changed(revision)._replace(predicted=self._predicted))
