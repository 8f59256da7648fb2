"""The data types of the program: small immutable values without behaviour.

Nothing on the path of ``state get`` imports this module: ``typing`` costs 10 ms a start. Code that
runs there passes plain keys and values, and builds these only where a whole record is asked for.

Times are floats, unix seconds in UTC. Sizes are bytes. Durations are seconds. All types are on this one page,
long as it is: they have no behaviour, and mean something only together.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from sloth_tui.origin import Origin as Origin  # noqa: TC001 - one of the types, kept apart for speed

Value: TypeAlias = "str | int | float | bool | bytes | dict[str, object] | list[object]"
"""What an entry can hold: text, a 64-bit integer, a finite float, a boolean, bytes, or a JSON table."""

VALUE_TYPES = ("string", "integer", "float", "boolean", "table", "bytes")
"""The names of the types, as used by ``type`` in JSON and by ``--type``."""


class Entry(NamedTuple):
    """A key and everything known about it."""

    key: str
    value: Value
    type: str
    created_at: float | None
    updated_at: float | None
    revision: int | None
    """The revision of the last change; None in a database that this program never wrote to."""
    size: int
    """Bytes of the value as stored."""
    expires_at: float | None = None
    """Unix seconds at which its time to live is over, for people; None without one. How many seconds are left
    is measured by a clock that cannot be set: :meth:`sloth_tui.store.port.Entries.ttl`."""


class Revision(NamedTuple):
    """One change of one key."""

    revision: int
    key: str
    at: float
    operation: str
    """``set`` or ``delete``."""
    old: Value | None
    """The value before; None if the key was absent."""
    new: Value | None
    """The value after; None if the key was deleted."""
    origin: Origin | None
    """None for a write by another program."""
    change_set_id: int | None
    """The number of the change set it belongs to; None for another program's write."""
    secret: bool = False
    """True if history keeps no values of this key; ``old`` and ``new`` are then None."""
    created: bool = False
    """True if the key was absent before."""


class ChangeSet(NamedTuple):
    """All revisions of one command, run or edit, or of one burst of writes by another program."""

    id: str
    """Digits; ``x`` and digits for a change set of another program."""
    at: float
    """Unix seconds at which it began."""
    origin: Origin | None
    """None for another program."""
    first_revision: int
    last_revision: int
    """The last revision that is kept; revisions of other change sets may lie between the first and this."""
    revisions: int
    """Number of its revisions that are kept."""
    forgotten: int
    """Number of its revisions that are no longer kept."""


class Difference(NamedTuple):
    """A key's values at two revisions; None if it was absent."""

    key: str
    old: Value | None
    new: Value | None
    secret: bool = False
    """True if history keeps no values of this key; a value that is not kept is empty text."""


class Step(NamedTuple):
    """What an undo or a rollback does to one key. A value is None if the key is, or will be, absent."""

    key: str
    old: Value | None
    """The value now."""
    new: Value | None
    """The value afterwards."""
    obstacle: str | None
    """``changed``: another change set has changed the key since. ``secret`` or ``forgotten``: the earlier
    value is not kept, so the step is impossible. None: nothing is in the way."""


class Owner(NamedTuple):
    """The process that acquired a lock, identified uniquely even across reboots."""

    host: str
    pid: int
    start_time: int
    """Clock ticks after boot, from ``/proc/PID/stat``; 0 if the platform does not tell."""
    boot_id: str
    """Empty if the platform has none."""


class Lock(NamedTuple):
    """A lock that is held."""

    name: str
    holder: str
    token: int
    """Fencing token: a later acquisition of the same name has a greater token. 0 for a lock that another
    program took in a database that this program has not written to since; no fence accepts 0."""
    acquired_at: float | None
    """Unix seconds; None if another program took it and did not record the time."""
    expires_at: float
    """Unix seconds by the wall clock, for people and other programs."""
    remaining: float
    """Seconds left, by a clock that cannot be set; never negative."""
    owner: Owner | None
    """None for a lock that another program took."""
    ephemeral: bool
    """Free again as soon as the owner's process is gone (with_lock); otherwise it depends on no process, and
    lasts until it is released or runs out."""
    alive: bool | None
    """True if the owner's process runs; None if that is unknown (another host)."""


class LockBreak(NamedTuple):
    """A lock that was taken away from its holder."""

    name: str
    holder: str
    """The holder that lost it."""
    token: int
    """Fencing token of the acquisition that ended."""
    at: float
    origin: Origin | None
    """The origin of the break."""


class LockUse(NamedTuple):
    """One acquisition of a lock, from its beginning to its end."""

    name: str
    holder: str
    token: int
    """Its fencing token."""
    acquired_at: float
    until: float
    """When its time is over, or was, as it was last renewed; by the wall clock."""
    ephemeral: bool
    """As in :class:`Lock`."""
    renewals: int
    """How often it was renewed."""
    renewed_at: float | None
    """When it was renewed last."""
    ended_at: float | None
    """None while it is held; also if it is not known when its process ended."""
    end: str | None
    """``released``, ``broken``, ``expired`` or ``abandoned``: its process ended without a release. None while
    it is held."""
    origin: Origin | None
    """Who acquired it."""
    ended_by: Origin | None
    """Who released or broke it; None if nobody did."""


class Stats(NamedTuple):
    """Figures about one agent's store."""

    total_keys: int
    total_size: int
    """Bytes of all keys and values."""
    last_modified: int
    """Time of the newest change in whole unix seconds; 0 if the store is empty."""
    backend: str
    location: str
    file_size: int | None
    """Bytes on disk, WAL included; None, like the next four, if the backend keeps no file."""
    wal_size: int | None
    page_size: int | None
    page_count: int | None
    free_pages: int | None
    revision: int
    """The newest revision; 0 if there is none."""
    oldest_revision: int
    """The oldest revision kept; 0 if there is none."""
    complete_since: int
    """The oldest revision at which the whole state is known."""
    revisions: int
    history_size: int
    """Bytes of superseded values kept."""
    locks: int
    """Locks held now."""
    types: dict[str, int]
    """Type name -> number of entries."""
    storage: tuple[tuple[str, int | str], ...]
    """Details of the storage, for people: a label, and bytes or text."""


class StoreCheck(NamedTuple):
    """What a store answered when it was asked whether it works."""

    backend: str
    """``sqlite``, ``etcd`` or ``s3``."""
    location: str
    """Its location: a path or URL, for people."""
    version: str
    """Version of the engine or server, as it names it."""
    tls: bool
    """True if all traffic with it is encrypted."""
    user: str | None
    """The user that the server knows this program as; None without one."""
    latency_ms: float
    """Milliseconds that one read took."""
    warnings: tuple[str, ...]
    """What its owner should know, each with its remedy."""


class Backup(NamedTuple):
    """A backup in the directory for them."""

    path: str
    agent: str
    at: float
    """When it was made."""
    size: int
    """Bytes of the file."""
    reason: str | None
    """What it was automatically made before, like ``clear``; None if somebody asked for it."""


class Check(NamedTuple):
    """One thing that was examined."""

    name: str
    status: str
    """``ok``, ``warning`` (something to see to) or ``damage`` (the store cannot be relied on)."""
    text: str
    hint: str | None
    """What to do."""


class Examined(NamedTuple):
    """What an examination of a store found."""

    agent: str
    backend: str
    location: str
    healthy: bool
    """False if one of the checks found damage."""
    checks: tuple[Check, ...]


class Restored(NamedTuple):
    """What a restore did."""

    entries: int
    changed: int
    """Entries that were not there like this."""
    removed: int
    """Entries that were there, and are not in the backup."""
    history: bool
    """True if the history is that of the backup; False if all of it is one new change set."""
    saved: str | None
    """Path of the backup made before; None if there was nothing to save, or none was wanted."""
    kept: str | None
    """Path of the damaged database that was replaced."""
    verified: bool
    """True if the backup has a checksum, which is right."""


class Recovered(NamedTuple):
    """An entry that a repair took from elsewhere than its own row."""

    key: str
    source: str
    """``backup`` or ``history``."""
    revision: int | None
    """The revision whose value it has."""
    current: bool
    """True if that was the last known revision; False for an older value."""


class RepairReport(NamedTuple):
    """What a repair brought back of a damaged database."""

    entries: int
    from_pages: int
    """Entries whose own rows could be read."""
    recovered: tuple[Recovered, ...]
    """The others, in key order."""
    lost: tuple[str, ...]
    """Keys that were there, and of which no value is left."""
    revisions: int
    """Revisions of the history that could be read."""
    pages: int
    logged_pages: int
    """Pages that were read from the log."""
    unreadable_pages: int
    doubtful: int
    """Old entries in free pages, which were left out."""
    backup: str | None
    """Path of the backup that filled in what was lost."""
    repaired: str
    """Path of the repaired database."""


class TextPiece(NamedTuple):
    """Part of a line for people, harmless to a terminal."""

    text: str
    role: str
    """What it is; each front end has a style for it. The roles of a run are those of
    :mod:`sloth_tui.runner.describe`."""


TextLine: TypeAlias = tuple[TextPiece, ...]


class KeyGroup(NamedTuple):
    """Keys with the same first segment."""

    prefix: str
    """The first segment, with the ``:`` or ``/`` it ends in."""
    keys: int


class RankedEntry(NamedTuple):
    """An entry in a ranking by size or by age."""

    key: str
    size: int
    """Bytes of the value as stored."""
    updated_at: float | None


class Agent(NamedTuple):
    """A named store."""

    name: str
    location: str
    """Location of its store: a path or URL, for people."""
    exists: bool
    """False only for ``local`` before its first write."""
    size: int | None
    """Bytes that the store takes on disk; None if that is not known."""
    modified_at: float | None
    keys: int | None = None
    """Number of keys; None, like the next one, if the store would have to be opened to tell."""
    locks: int | None = None
    """Number of locks held now."""


class Pace(NamedTuple):
    """How often a store on another machine is asked, in seconds, by a program that follows it."""

    token: float
    """Between two looks at the change token of a store."""
    listing: float
    """Between two looks at all agents."""
    retry: float
    """Until a store that could not be read is opened again."""


SORT_COLUMNS = ("key", "type", "size", "updated", "revision")
"""The columns by which a table of entries can be sorted."""


TermKind: TypeAlias = Literal["prefix", "key", "fuzzy", "value"]


class Term(NamedTuple):
    """One condition on the entries of a table."""

    kind: TermKind
    """``prefix``: the key begins with the text; ``key``: the key contains it; ``fuzzy``: the key has its
    characters in this order; ``value``: the value contains it."""
    text: str
    """Not empty."""
    inverse: bool = False
    """True if the condition must not hold."""


class Query(NamedTuple):
    """Which entries a table shows, and in which order. An entry must meet all conditions. Texts are literal;
    an empty text matches everything. Case matters, except in fuzzy terms without capitals."""

    prefix: str = ""
    """Text that the key begins with."""
    key: str = ""
    """Text that the key contains."""
    value: str = ""
    """Text that the value, as stored, contains."""
    sort: str = "key"
    """One of SORT_COLUMNS; entries that are equal in it are in key order."""
    descending: bool = False
    also: tuple[Term, ...] = ()
    """Further conditions."""
    tree: bool = False
    """True to fold keys at ``:`` and ``/``; always in ascending key order."""


class Row(NamedTuple):
    """One line of a table of entries: an :class:`Entry` whose value may be cut."""

    key: str
    preview: str
    """The beginning of the value as stored; bytes that are not UTF-8 appear as ``\\xNN``."""
    type: str
    size: int
    """Bytes of the whole value as stored."""
    updated_at: float | None
    revision: int | None
    depth: int = 0
    """In a tree, the number of nodes around it."""
    stem: int = 0
    """Length in characters of the innermost node's prefix."""
    keys: int | None = None
    """If the row is a node of a tree, the number of keys that begin with ``key``; else None."""
    open: bool = False
    """True if the node is open, so that its children follow."""
    expires_at: float | None = None
    """As of an :class:`Entry`."""
