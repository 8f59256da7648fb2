"""Export to files, and import from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from sloth_tui.exchange.destination import Destination
from sloth_tui.exchange.exporting import Request, export
from sloth_tui.exchange.importing import Import
from sloth_tui.text import format_count
from sloth_tui.tui.services.beside import read_on_a_thread

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from sloth_tui.store.port import Store
    from sloth_tui.tui.services.job import Job
    from sloth_tui.tui.services.writer import Writer

T = TypeVar("T")

_SUFFIXES = {".json": "json", ".csv": "csv", ".env": "env"}


class Exported(NamedTuple):
    """What was exported."""

    entries: int
    secrets: int
    """Entries whose values are secrets, and plain in the file."""


class ImportPlan(NamedTuple):
    """What the import of a file would do, in numbers of entries."""

    form: str
    added: int
    differing: list[str]
    """Keys that have another value here."""
    same: int
    warnings: list[str]
    restores: bool
    """True if the file has a history, which an agent without state gets."""


class ImportDone(NamedTuple):
    """What an import did, in numbers of entries."""

    added: int
    changed: int
    kept: int
    restored: bool
    """True if the history came along: no change set of its own takes that back."""


class FileJobs:
    """Long jobs about files and the agent that is on screen. The futures raise the errors of files and
    stores, and Interrupted if the job was cancelled: then nothing was written."""

    def __init__(self, writer: Writer, agent: Callable[[], str]) -> None:
        self._writer = writer
        self._agent = agent

    def export(self, job: Job, path: str, keys: list[str] | None, *, replace: bool) -> Future[Exported]:
        """Write these keys, or all with None, to a file, whose format its name tells. Raises Conflict if
        there is one, unless ``replace``."""

        def write(store: Store) -> Exported:
            request = Request(form=form_of(path), keys=keys)
            with Destination(path, force=replace) as destination:
                done = export(store, request, destination.write, job.report)
            return Exported(done.entries, done.secrets)

        return read_on_a_thread(self._agent(), job, write, "files")

    def plan(self, job: Job, path: str) -> Future[ImportPlan]:
        """Compare a file with what the agent has."""

        def compare(store: Store) -> ImportPlan:
            with Import(path) as file:
                planned = file.plan(store, "overwrite", None, job.report)
                restores = file.has_history and not store.revision() and not store.count()
                notes = file.notes.warnings()
                if file.notes.expired:
                    expired = format_count(file.notes.expired, "entry", "entries")
                    notes.append(f"{expired} left out: the time to live is over")
                return ImportPlan(
                    file.form, len(planned.added), planned.changed, planned.same, notes, restores
                )

        return read_on_a_thread(self._agent(), job, compare, "files")

    def import_file(self, job: Job, path: str, rule: str) -> Future[ImportDone]:
        """Import a file; ``rule`` says what becomes of keys with another value: ``overwrite`` or ``keep``."""

        def merge(store: Store) -> ImportDone:
            with Import(path) as file:
                if file.has_history:
                    restored = file.restore(store, job.report)
                    if restored is not None:
                        return ImportDone(restored.added, 0, 0, True)
                done = file.into(store, rule, None, job.report)
                return ImportDone(done.added, done.changed, done.conflicting, False)

        return self._writer.submit(self._agent(), f"import {path}", job.bind(merge))


def form_of(path: str) -> str:
    """Return the format that a name tells: ``app.env.gz`` is ``env``; any other name is ``jsonl``."""
    stem = path.removesuffix(".gz")
    return next((form for suffix, form in _SUFFIXES.items() if stem.endswith(suffix)), "jsonl")
