"""Move what an agent has from one store into another, whatever their backends."""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import Conflict
from sloth_tui.store.parts import KeptEntry, KeptRevision, MomentForgotten
from sloth_tui.store.ttl_rules import MAX_TTL_SECONDS
from sloth_tui.values.codec import key_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sloth_tui.model import Entry, Value
    from sloth_tui.store.parts import Part
    from sloth_tui.store.port import Store

    Progress = Callable[[int, int], object]

_READINGS = 5
"""How often a source is read from its beginning that forgets each time how it was then."""
_MAX_KEYS = 10_000
_MAX_BYTES = 16 * 1024 * 1024
"""Keys, and bytes of values, that are written at once."""


class Replaced(NamedTuple):
    """What became of a store that was made equal to another one."""

    entries: int
    """Number of entries that it has now."""
    changed: int
    """Number of them that it did not have like this."""
    removed: int
    """Number of entries that it had, and the other one has not."""
    history: bool
    """True if it was empty and got the history, too; False if all of it is one change set."""


class Transferred(NamedTuple):
    """What was copied."""

    entries: int
    """Number of entries that the source has."""
    changed: int
    """Number of them that the target did not have like this."""
    revisions: int | None
    """Number of revisions that were copied; None if the target had state already, so that the changes are one
    new change set."""


def move(
    source: Store,
    target: Store,
    progress: Progress | None = None,
    otherwise: Callable[[], Transferred] | None = None,
) -> Transferred:
    """Copy all that a store holds into another one, and leave it as it is.

    An empty target becomes equal to the source, history included. In any other one, one change set sets the
    entries that differ; its other entries stay; or ``otherwise`` does what is to be done there. Raises the
    errors of both stores; then nothing was copied.
    """
    try:
        return fill(source, target, progress)
    except _NotEmpty:
        return merge(source, target, "", progress) if otherwise is None else otherwise()


def fill(source: Store, target: Store, progress: Progress | None = None) -> Transferred:
    """Copy all that a store holds, but for its locks, into an empty one, history included.

    A source that forgets meanwhile how it was is read anew, as it is then. Raises Conflict if the target is
    not empty, and the errors of both stores; then nothing was copied."""
    for left in reversed(range(_READINGS)):
        counted = _Counted(source.dump())
        try:
            target.load(counted, progress)
        except MomentForgotten:
            if not left:
                raise
        except Conflict as error:
            if counted.begun:
                raise  # somebody writes to it right now
            raise _NotEmpty(error.message, hint=error.hint) from None
        else:
            return Transferred(counted.entries, counted.entries, counted.revisions)
    raise AssertionError("not reached")


def merge(source: Store, target: Store, prefix: str, progress: Progress | None = None) -> Transferred:
    """Set the entries under a prefix as they are in the source, in one change set. Raises as :func:`move`."""
    total = source.count(prefix) if progress is not None else 0
    done = changed = 0
    with target.transaction():
        for values, ttls in batches(source.entries(prefix), time()):
            changed += target.set_many(values, ttls=ttls)
            done += len(values)
            if progress is not None:
                progress(min(done, total), total)
    return Transferred(done, changed, None)


def replace(source: Store, target: Store, progress: Progress | None = None) -> Replaced:
    """Make the entries of a store what they are in another one: an empty store gets the history, too; in any
    other one it is one change set. Raises as :func:`move`."""
    try:
        copied = fill(source, target, progress)
    except _NotEmpty:
        with target.transaction():
            removed = target.delete_many(_missing(target.keys(), source.keys()))
            done = merge(source, target, "", progress)
        return Replaced(done.entries, done.changed, removed, False)
    return Replaced(copied.entries, copied.changed, 0, True)


def _missing(keys: Iterator[str], there: Iterator[str]) -> list[str]:
    """Return the keys that are not ``there``; both are in key order."""
    missing, other = [], next(there, None)
    for key in keys:
        here = key_bytes(key) or b""
        while other is not None and (key_bytes(other) or b"") < here:
            other = next(there, None)
        if other != key:
            missing.append(key)
    return missing


def back_up(source: Store, agent: str, path: str, progress: Progress | None = None) -> None:
    """Write all that a store holds, but for its locks, into a new database at ``path``. Raises the errors of
    the store, Conflict if ``path`` exists, NotWritable, DatabaseUnusable."""
    from sloth_tui.store import open_path
    from sloth_tui.store.sqlite.saving.writing import write_verified

    def write(partial: str) -> None:
        with open_path(partial, "write", agent=agent) as target:
            fill(source, target, progress)

    write_verified(path, write)


def batches(entries: Iterable[Entry], now: float) -> Iterator[tuple[dict[str, Value], dict[str, float]]]:
    """Yield the values of entries, and what they have to live, in parts that can be written at once.
    ``now``: unix seconds."""
    values: dict[str, Value] = {}
    ttls: dict[str, float] = {}
    size = 0
    for entry in entries:
        if entry.expires_at is not None:
            if entry.expires_at <= now:
                continue
            ttls[entry.key] = min(entry.expires_at - now, MAX_TTL_SECONDS)
        values[entry.key] = entry.value
        size += entry.size
        if len(values) >= _MAX_KEYS or size >= _MAX_BYTES:
            yield values, ttls
            values, ttls, size = {}, {}, 0
    if values:
        yield values, ttls


class _NotEmpty(Conflict):
    """The store to fill has state already."""


class _Counted:
    """A stream of parts that counts what passes."""

    __slots__ = ("_parts", "begun", "entries", "revisions")

    def __init__(self, parts: Iterator[Part]) -> None:
        self._parts = parts
        self.begun = False
        self.entries = self.revisions = 0

    def __iter__(self) -> Iterator[Part]:
        self.begun = True
        for part in self._parts:
            self.entries += isinstance(part, KeptEntry)
            self.revisions += isinstance(part, KeptRevision)
            yield part
