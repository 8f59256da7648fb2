"""Whether a task is up to date: what it reads and what it makes are as they were when it last succeeded."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sloth_tui.errors import HostError, UsageError
from sloth_tui.runner.events import Warned
from sloth_tui.runner.hosts.host import ABSENT
from sloth_tui.runner.schedule import describe_task
from sloth_tui.runner.tracking import UNKNOWN, digest_file, digest_files, digest_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sloth_tui.runner.lua.modules.tracking import Tracking
    from sloth_tui.runner.lua.source import TaskSource
    from sloth_tui.runner.plan import Task
    from sloth_tui.runner.tracking import Files
    from sloth_tui.runner.worker.emitter import Emitter
    from sloth_tui.store.port import Store

_KEY = "task:up-to-date:"


class Fingerprints:
    """Compares the fingerprints of tasks with those that the store has.

    A fingerprint is a checksum over the sources, the task file with the modules it requires, ``values``, and
    what the task creates. After it, in the stored value, stand the modules that are required only while
    tasks run.
    """

    def __init__(
        self,
        source: TaskSource,
        values: Mapping[str, object],
        files: Files,
        tracking: Tracking,
        emitter: Emitter,
        host: str | None,
    ) -> None:
        """``host``: the one that the tasks run for, if they run for several."""
        self._source = source
        self._values = values
        self._files = files
        self._tracking = tracking
        self._emitter = emitter
        self._host = host
        self._sources: str | None = None

    def is_up_to_date(self, task: Task, store: Store) -> bool:
        """Return True if nothing has changed since the task succeeded. Raises SlothError."""
        self._sources = self._digest_sources(task)
        created = [self._created(path) for path in task.creates]
        known = store.get(self._key(task))
        if not isinstance(known, str):
            return False
        fingerprint, *modules = known.split(" ")
        return fingerprint == self._fingerprint(task, created, modules)

    def store_later(self, task: Task) -> None:
        """Let the fingerprint be stored if the task succeeds, which has just run."""
        if self._files.uncertain:
            self._tracking.store_later(self._key(task), UNKNOWN)
            return
        created = [self._created(path) for path in task.creates]
        missing = [path for path, checksum in zip(task.creates, created, strict=True) if checksum is None]
        if missing:
            message = f"creates: '{missing[0]}' is not there, so that the task will run again"
            self._emitter.event(Warned(task.name, message))
            return
        modules = sorted(self._source.modules.keys() - self._source.required.keys())
        value = " ".join([self._fingerprint(task, created, modules), *modules])
        self._tracking.store_later(self._key(task), value)

    def _key(self, task: Task) -> str:
        return _KEY + describe_task(task.name, self._host)

    def _fingerprint(self, task: Task, created: list[str | None], modules: Iterable[str]) -> str:
        parts = [
            digest_text(self._source.text),
            [[name, digest_text(text)] for name, text in sorted(self._source.required.items())],
            [[name, digest_text(self._source.read_module(name) or b"")] for name in modules],
            self._values,
            [*task.sources],
            self._sources,
            [[path, checksum or UNKNOWN] for path, checksum in zip(task.creates, created, strict=True)],
        ]
        return digest_text(json.dumps(parts, sort_keys=True).encode())

    def _digest_sources(self, task: Task) -> str | None:
        if not task.sources:
            return None
        try:
            return digest_files(self._files, task.sources, (self._source.directory, ""))
        except (UsageError, HostError) as error:
            if self._files.may_be_made():
                return UNKNOWN
            error.message = f"sources: {error.message}"
            raise

    def _created(self, path: str) -> str | None:
        """Return the checksum of a file that the task makes, or None if it is not there."""
        if self._files.look(path).kind == ABSENT:
            return None
        try:
            return digest_file(self._files, path)
        except (UsageError, HostError) as error:
            error.message = f"creates: {error.message}"
            raise
