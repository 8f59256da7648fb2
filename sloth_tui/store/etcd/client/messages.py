"""Requests to an etcd server and its answers, as tuples: what every channel carries, whatever its encoding.

The names are those of etcd's ``rpc.proto``. ``collections.namedtuple``, because ``typing`` costs 10 ms a
start."""

from __future__ import annotations

from collections import namedtuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias


class Range(
    namedtuple(
        "Range",
        ("key", "end", "limit", "revision", "keys_only", "count_only", "descending", "many"),
        defaults=(None, 0, 0, False, False, False, False),
    )
):
    """Read one key, or with ``end`` all keys from ``key`` up to, not including, ``end``."""

    __slots__ = ()

    key: bytes
    end: bytes | None
    """None: only ``key``; ``b"\\0"``: no end."""
    limit: int
    """0: no limit. With an end that is far away, the server walks to that end all the same."""
    revision: int
    """The server's revision to read at; 0: the newest."""
    keys_only: bool
    count_only: bool
    descending: bool
    """True for the greatest keys first."""
    many: bool
    """True if the answer may be as long as a whole store; the server is not told."""


class Put(namedtuple("Put", ("key", "value", "lease"), defaults=(0,))):
    """Write one key, attached to a lease unless that is 0."""

    __slots__ = ()

    key: bytes
    value: bytes
    lease: int


class Delete(namedtuple("Delete", ("key", "end"), defaults=(None,))):
    """Delete one key, or a range like that of :class:`Range`."""

    __slots__ = ()

    key: bytes
    end: bytes | None


class Compare(namedtuple("Compare", ("key", "field", "number", "end"), defaults=(None,))):
    """The condition that a number of a key's newest version is ``number``; all are 0 for an absent key. With
    ``end`` it must hold for every key of a range like that of :class:`Range`, or the range must be empty and
    ``number`` 0."""

    __slots__ = ()

    key: bytes
    field: str
    """``create`` (revision at which it was created), ``mod`` (revision of its last change), ``version``, or
    ``lease``."""
    number: int
    end: bytes | None


class Txn(namedtuple("Txn", ("compares", "then", "otherwise"), defaults=((),))):
    """If all of ``compares`` hold do ``then``, else do ``otherwise``; all at one moment."""

    __slots__ = ()

    compares: Sequence[Compare]
    then: Sequence[Operation]
    otherwise: Sequence[Operation]


class KeyValue(namedtuple("KeyValue", ("key", "value", "create", "mod", "lease"))):
    """One key as the server has it."""

    __slots__ = ()

    key: bytes
    value: bytes
    create: int
    """The server's revision at which the key was created: a fencing token."""
    mod: int
    """The server's revision of its last change."""
    lease: int


class RangeAnswer(namedtuple("RangeAnswer", ("kvs", "count", "revision"))):
    """What a :class:`Range` found."""

    __slots__ = ()

    kvs: list[KeyValue]
    count: int
    """Number of keys in the range, whatever the limit."""
    revision: int
    """The server's revision at which it was read; 0 inside the answer of a transaction."""


class TxnAnswer(namedtuple("TxnAnswer", ("succeeded", "answers", "revision"))):
    """What a :class:`Txn` did."""

    __slots__ = ()

    succeeded: bool
    answers: list[RangeAnswer | TxnAnswer | int]
    """One for each operation: a range, a nested transaction, or the number of keys deleted (0 for a put)."""
    revision: int


class Granted(namedtuple("Granted", ("lease", "seconds"))):
    """A lease that was granted, and for how long."""

    __slots__ = ()

    lease: int
    seconds: int


class Status(namedtuple("Status", ("version", "size", "used", "leader", "errors"))):
    """What one member says about itself."""

    __slots__ = ()

    version: str
    size: int
    """Bytes of its database on disk."""
    used: int
    """Bytes of them in use."""
    leader: int
    """0: the member knows of no leader."""
    errors: list[str]
    """Alarms, in its own words."""


class Event(namedtuple("Event", ("deleted", "key", "mod"))):
    """A change that a watch reports: an alarm clock, never data."""

    __slots__ = ()

    deleted: bool
    key: bytes
    mod: int


class Watched(namedtuple("Watched", ("events", "revision", "canceled"))):
    """One message of a watch. ``canceled`` is empty, or the reason why the server ended the watch."""

    __slots__ = ()

    events: list[Event]
    revision: int
    canceled: str


if TYPE_CHECKING:
    Operation: TypeAlias = Range | Put | Delete | Txn

NO_END = b"\0"
"""The ``end`` of a range that goes on to the last key."""


def after(prefix: bytes) -> bytes:
    """Return the end of the range of all keys that begin with ``prefix``."""
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes((stem[-1] + 1,)) if stem else NO_END


LEVEL_OPERATIONS = 60
"""Operations of one level of a request. A server takes at most 128 of all levels on the way to one, so that
two levels have 3,600."""


def nested(operations: Sequence[Operation]) -> Sequence[Operation]:
    """Return the operations in requests of their own where there are more than one level may have."""
    while len(operations) > LEVEL_OPERATIONS:
        operations = [
            Txn((), operations[first : first + LEVEL_OPERATIONS])
            for first in range(0, len(operations), LEVEL_OPERATIONS)
        ]
    return operations


def flattened(answers: Sequence[RangeAnswer | TxnAnswer | int]) -> list[RangeAnswer]:
    """Return the answers of all ranges in a request that :func:`nested` made, in their order."""
    found: list[RangeAnswer] = []
    for answer in answers:
        if isinstance(answer, RangeAnswer):
            found.append(answer)
        elif isinstance(answer, TxnAnswer):
            found += flattened(answer.answers)
    return found
