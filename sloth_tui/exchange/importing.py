"""Read a file in any known format and merge it into a store, as one change set."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import Conflict, UsageError
from sloth_tui.exchange.formats import consul, csv_table, databases, documents, dotenv, etcdctl
from sloth_tui.exchange.formats.jsonl_reading import JsonLines
from sloth_tui.exchange.found import Batches, Notes
from sloth_tui.exchange.sniffing import known, refuse_utf16, sniffed
from sloth_tui.exchange.source import Source
from sloth_tui.store import merging
from sloth_tui.store.parts import Merged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType
    from typing import Self

    from sloth_tui.exchange.found import Found
    from sloth_tui.store.parts import Batch
    from sloth_tui.store.port import Store

    Progress = Callable[[int, int], object]

_READERS: dict[str, Callable[[Source, Notes], Iterator[Found]]] = {
    "json": documents.read_json,
    "yaml": documents.read_yaml,
    "consul": consul.read,
    "etcd": etcdctl.read,
    "database": databases.read,
    "env": dotenv.read,
    "csv": csv_table.read,
}


class Planned(NamedTuple):
    """What an import would do: the keys, in the order of the file."""

    added: list[str]
    changed: list[str]
    """There with another value, which would be replaced."""
    same: int
    conflicting: list[str]
    """There with another value, which would stay, or make the import fail."""
    removed: list[str]


class Import:
    """A file to import, opened. A ``with`` block closes it.

    Everything about the file that is wrong raises ImportFileUnusable; what cannot be opened, UsageError."""

    def __init__(self, path: str, form: str | None = None, prefix: str = "") -> None:
        """``path``: ``-`` is standard input. ``form``: one of the formats, None to look at the content.
        ``prefix``: only keys that begin with it."""
        known(form)
        self._source = Source(path)
        self._prefix = prefix
        self.notes = Notes()
        """Of the last reading."""
        try:
            self.form = form or sniffed(self._source)
            if self.form not in ("database", "csv"):
                refuse_utf16(self.name, self._source.beginning(4))
            self._lines = JsonLines(self._source) if self.form == "jsonl" else None
        except BaseException:
            self._source.close()
            raise

    @property
    def name(self) -> str:
        return self._source.name

    @property
    def path(self) -> str | None:
        """The path of the file; None for standard input and pipes."""
        return self._source.path

    @property
    def size(self) -> int:
        """Bytes of the file, compressed or not."""
        return self._source.size

    @property
    def has_history(self) -> bool:
        header = self._lines.header if self._lines is not None else None
        return header is not None and header.history

    @property
    def revisions(self) -> int:
        """Number of revisions that the file tells to have."""
        header = self._lines.header if self._lines is not None else None
        return header.outline.revisions if header is not None else 0

    def batches(self) -> Iterator[Batch]:
        """Yield the entries, from the beginning."""
        notes = self.notes = Notes()
        if self._lines is not None:
            return self._lines.batches(notes, self._prefix)
        found = _READERS[self.form](self._source, notes)
        return Batches(self._source, notes, self._prefix).of(found)

    def plan(self, store: Store, rule: str, replace: str | None, progress: Progress | None) -> Planned:
        """Compare the file with a store, and change nothing."""
        planned = Planned([], [], 0, [], [])
        same = 0
        for found in merging.compare(store, self.batches, self._told(progress)):
            planned.added.extend(found.added)
            (planned.changed if rule == "overwrite" else planned.conflicting).extend(found.differing)
            same += found.same
        if replace is not None:
            planned.removed.extend(merging.missing(store, self.batches, replace))
        return planned._replace(same=same)

    def into(self, store: Store, rule: str, replace: str | None, progress: Progress | None) -> Merged:
        """Merge the file into a store. Raises the errors of :meth:`sloth_tui.store.port.Moving.merge`."""
        return store.merge(self.batches, rule, replace=replace, progress=self._told(progress))

    def restore(self, store: Store, progress: Progress | None) -> Merged | None:
        """Make an empty store equal to the one that a file with history comes from. Return None, and do
        nothing, if the store is not empty."""
        assert self._lines is not None
        entries = self._lines.header.outline.keys if self._lines.header else 0
        begun = False

        def parts() -> Iterator[object]:
            nonlocal begun
            begun = True
            assert self._lines is not None
            yield from self._lines.parts()

        try:
            store.load(parts(), progress)  # type: ignore[arg-type]
        except Conflict:
            if begun:
                raise  # somebody writes to it right now
            return None
        return Merged(entries, 0, 0, 0, 0)

    def close(self) -> None:
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _told(self, progress: Progress | None) -> Callable[[int], object] | None:
        if progress is None:
            return None
        return lambda done: progress(min(done, self.size), self.size)


def rule_of(rule: str | None, *, replace: bool) -> str:
    """Return the rule for values that differ. Raises UsageError if it contradicts ``replace``."""
    if replace:
        if rule not in (None, "overwrite"):
            raise UsageError(f"--replace and --on-conflict {rule} contradict each other")
        return "overwrite"
    return rule or "fail"
