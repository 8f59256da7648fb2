"""A whole store as a stream of parts: entries, history and all, to move it into another store as it was.

The stream begins with an :class:`Outline`, and what is a secret comes before change sets and entries.
Revisions come in their order; the other parts may come in any.
Times are unix milliseconds. Values are in their stored form, whose meaning :mod:`sloth_tui.values.codec`
gives, so a stream holds one value at a time whatever the size of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from sloth_tui.errors import DatabaseUnusable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sloth_tui.origin import Origin

SECRET = "secret"  # noqa: S105 - a word
"""In place of a type: history keeps no value of this key."""
_REPORT_EVERY = 256


class MomentForgotten(DatabaseUnusable):
    """The server forgot the moment that a stream is of, before all of it was read. Another stream may do."""


class Outline(NamedTuple):
    """What a store holds, in numbers."""

    keys: int
    revisions: int
    """Number of revisions that are kept."""
    revision: int
    """The newest revision; 0 if there is none."""
    change: int
    """The greatest number of a change set; 0 if there is none."""
    gone: int
    """The last revision forgotten of keys without any revision left; 0 if there is none."""


class SecretKey(NamedTuple):
    """A key that was marked as a secret."""

    key: bytes


class SecretPattern(NamedTuple):
    """A GLOB pattern of keys that hold secrets."""

    pattern: str


class ForgottenOf(NamedTuple):
    """The last revision forgotten of a key of which some are kept."""

    key: bytes
    revision: int


class KeptChange(NamedTuple):
    """A change set, or one task's part of that of a run."""

    number: int
    at: int
    first_revision: int
    made: int
    """Number of its revisions, including those that are no longer kept."""
    last_revision: int
    """The last of them that is kept; 0 if none is."""
    forgotten: int
    """Number of its revisions that are no longer kept."""
    origin: Origin


class KeptEntry(NamedTuple):
    """An entry."""

    key: bytes
    kind: str
    """Name of the value's type."""
    stored: bytes
    created_at: int | None
    updated_at: int | None
    revision: int | None
    change: int | None
    expires_at: int | None = None
    """When its time to live is over, by the wall clock; None without one."""


class EntryLines(NamedTuple):
    """Several entries, as lines of JSON."""

    data: bytes
    """Each entry as ``state list -o jsonl`` prints it, with a line feed; secrets have ``"secret":true``."""
    entries: int
    secrets: int


class KeptRevision(NamedTuple):
    """One change of one key, and what it replaced."""

    revision: int
    key: bytes
    operation: str
    """``set`` or ``delete``."""
    at: int
    change: int | None
    """None for a write by another program."""
    previous: int | None
    """The key's previous revision; None if there is none, or if the store need not know a deletion's."""
    kind: str | None
    """Type of the replaced value, or :data:`SECRET`; None if the key was absent."""
    stored: bytes
    """The replaced value; empty if there is none."""
    created_at: int | None
    """When the replaced entry was created and last changed; None, like the next one, if that is not known."""
    updated_at: int | None


class Batch(NamedTuple):
    """Entries to be merged into a store, as many as one step handles. No key occurs in two batches."""

    rows: list[tuple[str | bytes, str | bytes, str | None, int]]
    """Of each entry its key (bytes if that is not UTF-8), the stored form of its value, the type as
    :func:`sloth_tui.values.codec.encode` names it, and the number of the entry, from 1 on without gaps over
    all batches."""
    secrets: list[str | bytes]
    """Those keys of the rows that are to be marked as secrets."""
    expires: dict[str, float]
    """Of keys of the rows that have a time to live, the unix seconds at which it is over."""
    done: int
    """How much of the source was read up to here, of what :func:`sloth_tui.store.port.Moving.merge` is told
    as the total."""


MERGE_RULES = ("fail", "keep", "overwrite")
"""What becomes of an entry that is there with another value: all fails, it stays, or it is replaced."""


class Merged(NamedTuple):
    """How the entries of a source compare with those of a store, in numbers of entries."""

    added: int
    """Not there before."""
    changed: int
    """There with another value, which was replaced."""
    same: int
    """There with the same value and type."""
    conflicting: int
    """There with another value, which stayed."""
    removed: int
    """There, and not in the source."""


Part: TypeAlias = Outline | SecretKey | SecretPattern | ForgottenOf | KeptChange | KeptEntry | KeptRevision
EntryPart: TypeAlias = Outline | SecretKey | SecretPattern | KeptEntry | EntryLines


def reported(parts: Iterable[Part], progress: Callable[[int, int], object] | None) -> Iterator[Part]:
    """Yield the parts, and tell ``progress`` now and then (entries and revisions so far, all of them)."""
    done = total = 0
    for part in parts:
        if isinstance(part, Outline):
            total = part.keys + part.revisions
        elif isinstance(part, KeptEntry | KeptRevision):
            done += 1
            if progress is not None and done % _REPORT_EVERY == 0:
                progress(min(done, total), total)
        yield part
    if progress is not None:
        progress(total, total)
