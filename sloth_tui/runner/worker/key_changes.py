"""Which keys a run changed, from what to what: read back from the store, so that it is what was committed."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from sloth_tui.runner.events import KeyChanged

if TYPE_CHECKING:
    from sloth_tui.model import Revision, Value
    from sloth_tui.runner.worker.emitter import Emitter
    from sloth_tui.store.port import Store

LONGEST_VALUE = 16 * 1024
"""Characters (bytes) of a value that are reported; of longer ones the beginning."""
_MOST_WRITES = 25
_INTERVAL = 0.05
"""Seconds between reports while a task writes without printing anything."""


class Changes:
    """Reports the changes this run made since it last looked."""

    def __init__(self, emitter: Emitter, run: str) -> None:
        self._emitter = emitter
        self._run = run
        self._since = 0
        self._store: Store | None = None
        self._next = 0.0
        self._writes = 0
        self._unsent = 0
        self._most_writes = 1
        self.pending = False
        """Set by whoever writes to the store, outside of transactions."""
        self.count = 0
        """Changes reported since this was last set to 0."""

    def watch(self, store: Store, since: int, keep_revisions: int) -> None:
        """Report changes after revision ``since``. ``keep_revisions``: how many of a key history keeps;
        those of a task that writes in a loop must be read before they are forgotten."""
        self._store, self._since = store, since
        self._most_writes = max(1, min(_MOST_WRITES, keep_revisions // 2))

    def wrote(self) -> None:
        """Something was committed; report it if the last report is some time ago."""
        self.pending = True
        self._writes += 1
        if self._writes >= self._most_writes or time.monotonic() >= self._next:
            self.report()

    def report_pending(self) -> None:
        if self.pending:
            self.report()

    def report(self) -> None:
        self.pending = False
        self._writes = 0
        if self._store is None:
            return
        for revision in self._store.changes(self._since):
            self._since = revision.revision
            if revision.origin is not None and revision.origin.run == self._run:
                self.count += 1
                self._unsent += 1
                self._emitter.event(_event(revision))
        if self._unsent >= self._most_writes:
            # If this process is killed, what it has not sent is read back, as far as history goes back.
            self._emitter.flush()
            self._unsent = 0
        self._next = time.monotonic() + _INTERVAL


def _event(revision: Revision) -> KeyChanged:
    old, old_cut = shorten(revision.old)
    new, new_cut = shorten(revision.new)
    task = revision.origin.task if revision.origin is not None else None
    return KeyChanged(
        task,
        revision.key,
        old,
        new,
        revision.revision,
        shortened=old_cut or new_cut,
        secret=revision.secret,
        created=revision.created,
        deleted=revision.operation == "delete",
    )


def shorten(value: Value | None) -> tuple[Value | None, bool]:
    """As much of a value as events carry, and whether that is not all."""
    if isinstance(value, (str, bytes)):
        return (value[:LONGEST_VALUE], True) if len(value) > LONGEST_VALUE else (value, False)
    if isinstance(value, (dict, list)):
        text = json.dumps(value, ensure_ascii=False)
        return (text[:LONGEST_VALUE], True) if len(text) > LONGEST_VALUE else (value, False)
    return value, False
