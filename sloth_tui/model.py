"""The nouns of the program: small immutable values without behaviour.

Nothing on the path of ``state get`` imports this module: ``typing`` costs 10 ms a start. Code that
runs there passes plain keys and values, and builds these only where a whole record is asked for.

Times are floats, unix seconds in UTC. Sizes are bytes. Durations are seconds.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from sloth_tui.origin import Origin as Origin  # noqa: TC001 - one of the nouns, kept apart for speed

Value: TypeAlias = "str | int | float | bool | bytes | dict[str, object] | list[object]"
"""What an entry can hold: text, a 64-bit integer, a finite float, a boolean, bytes, or a JSON table."""

VALUE_TYPES = ("string", "integer", "float", "boolean", "table", "bytes")
"""The names of the types, as ``type`` in JSON and as ``--type`` say them."""


class Entry(NamedTuple):
    """A key and everything known about it."""

    key: str
    value: Value
    type: str
    created_at: float | None
    updated_at: float | None
    revision: int | None
    """The revision of the last change; None in a database that never was written by us."""
    size: int
    """Bytes of the value as stored."""


class Revision(NamedTuple):
    """One change of one key."""

    revision: int
    key: str
    at: float
    operation: str
    """``set`` or ``delete``."""
    old: Value | None
    """What it was; None where the key was absent."""
    new: Value | None
    """What it became; None where the key was deleted."""
    origin: Origin | None
    """None for a write by a program that knows nothing of us."""
    change: int | None
    """The part of a change set it belongs to."""
    secret: bool = False
    """Whether history keeps no values of this key; ``old`` and ``new`` are then None."""
    created: bool = False
    """Whether the key was absent before."""


class ChangeSet(NamedTuple):
    """What one command, run or edit changed, or another program in one go."""

    id: str
    """Digits, or ``x`` and digits for another program's."""
    at: float
    """When it began."""
    origin: Origin | None
    """None for a program that knows nothing of us."""
    first_revision: int
    last_revision: int
    """Of those kept; changes of others may lie between."""
    revisions: int
    """How many of its changes are kept."""
    forgotten: int
    """How many are not."""


class Difference(NamedTuple):
    """What a key held at two moments; None where it was absent."""

    key: str
    old: Value | None
    new: Value | None
    secret: bool = False
    """Whether history keeps no values of this key; the one of the two that is not kept is empty text."""


class Step(NamedTuple):
    """What taking something back does to one key; None where it is, or will be, absent."""

    key: str
    old: Value | None
    """What it holds now."""
    new: Value | None
    """What it will hold."""
    obstacle: str | None
    """``changed`` by somebody else since; or ``secret`` or ``forgotten``: what it held is not kept, and the
    step cannot be made."""


class Owner(NamedTuple):
    """The process that acquired a lock; enough to tell it from any other, for ever."""

    host: str
    pid: int
    start_time: int
    """Clock ticks after boot, from ``/proc/PID/stat``; 0 where the platform has none."""
    boot_id: str
    """Empty where the platform has none."""


class Lock(NamedTuple):
    """A lock that is held."""

    name: str
    holder: str
    token: int
    """Fencing token: of two acquisitions of one name, the later has the greater. 0 only for a lock that
    another program took in a database we have not written to since; no fence accepts it."""
    acquired_at: float | None
    """None where another program took it and did not say when."""
    expires_at: float
    """By the wall clock, for people and other programs."""
    remaining: float
    """Seconds left, by the clock that cannot be stepped; never negative."""
    owner: Owner | None
    """None for a lock taken by a program that knows nothing of us."""
    tied: bool
    """Free again as soon as the owner's process is gone (with_lock); otherwise it depends on no process, and
    lasts until it is released or runs out."""
    alive: bool | None
    """Whether the owner's process lives; None where that cannot be told (another host)."""


class LockBreak(NamedTuple):
    """A lock that was taken away from its holder."""

    name: str
    holder: str
    """Who held it."""
    token: int
    """Of the acquisition that ended so."""
    at: float
    origin: Origin | None
    """Who broke it."""


class Stats(NamedTuple):
    """Figures about one agent's store."""

    total_keys: int
    total_size: int
    """Bytes of all keys and values."""
    last_modified: int
    """Newest change, whole unix seconds; 0 when empty."""
    backend: str
    location: str
    file_size: int
    """Bytes on disk, WAL included."""
    wal_size: int
    page_size: int
    page_count: int
    free_pages: int
    revision: int
    """The newest revision; 0 where there is none."""
    oldest_revision: int
    """The oldest revision kept; 0 where there is none."""
    complete_since: int
    """The oldest revision that all of the state can be shown at."""
    revisions: int
    history_size: int
    """Bytes of superseded values kept."""
    locks: int
    """Locks held now."""
    types: dict[str, int]
    """Type name -> number of entries."""


class KeyGroup(NamedTuple):
    """Keys that begin alike."""

    prefix: str
    """The first segment, with the ``:`` or ``/`` it ends in."""
    keys: int


class Standing(NamedTuple):
    """An entry among others: by size, or by age."""

    key: str
    size: int
    """Bytes of the value as stored."""
    updated_at: float | None


class Agent(NamedTuple):
    """A named store on this machine."""

    name: str
    path: str
    exists: bool
    """False only for ``local`` before its first write."""
    size: int
    """Bytes on disk, WAL included."""
    modified_at: float | None


SORT_COLUMNS = ("key", "type", "size", "updated", "revision")
"""What a table of entries can be ordered by."""


class Term(NamedTuple):
    """Something a table asks of its entries."""

    kind: str
    """``prefix``: what the key begins with; ``key``: what it contains; ``fuzzy``: what characters it has in
    this order; ``value``: what the value contains."""
    text: str
    """Not empty."""
    inverse: bool = False
    """Whether it must not be so."""


class Query(NamedTuple):
    """Which entries a table shows, and in which order. Texts are literal, upper and lower case differ but in
    fuzzy terms without capitals, an empty text lets everything through; an entry has to pass all."""

    prefix: str = ""
    """What the key begins with."""
    key: str = ""
    """What the key contains."""
    value: str = ""
    """What the value, as stored, contains."""
    sort: str = "key"
    """One of SORT_COLUMNS; equals are in key order."""
    descending: bool = False
    also: tuple[Term, ...] = ()
    """Further terms."""
    tree: bool = False
    """Whether keys are folded at ``:`` and ``/``; only in key order, ascending."""


class Row(NamedTuple):
    """One line of a table of entries: an :class:`Entry` whose value may be cut."""

    key: str
    preview: str
    """The beginning of the value as stored; bytes that are no UTF-8 appear as ``\\xNN``."""
    type: str
    size: int
    """Bytes of the whole value as stored."""
    updated_at: float | None
    revision: int | None
    depth: int = 0
    """In a tree, how many nodes it is in."""
    stem: int = 0
    """Characters of the key that all keys of the innermost of them begin with."""
    keys: int | None = None
    """How many keys begin with ``key``, where that is a node of a tree and not a key; else None."""
    open: bool = False
    """Whether what is in the node follows."""
