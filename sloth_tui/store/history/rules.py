"""What an undo or a rollback does to each key, and what stands in its way: the rules, for backends that
cannot leave them to SQL.

A record of a change tells what it replaced. So the value before a change set is in its first record of the
key, and the value that it left is in the key's next record, or else it is the live one.
"""

from __future__ import annotations

from collections import namedtuple

from sloth_tui.store.history.undoing import CHANGED, FORGOTTEN, UNKEPT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Value: TypeAlias = "Form | None"
    """None: the key is absent."""
    Same: TypeAlias = Callable[[Value, Value], bool]

HIDDEN = "secret"
"""The kind of a value that history does not keep."""


class Form(namedtuple("Form", ("kind", "stored"))):
    """A value as it is stored."""

    __slots__ = ()

    kind: str | None
    """Name of its type, or HIDDEN."""
    stored: object
    """Equal if and only if the values are, for the same kind."""


class Replaced(namedtuple("Replaced", ("revision", "key", "change", "old"))):
    """A record of one change of one key."""

    __slots__ = ()

    revision: int
    key: bytes
    change: int | None
    """The number of its change set."""
    old: Value
    """What it replaced."""


class Trace:
    """What one change set did to one key, and who else changed the key since."""

    __slots__ = ("before", "interrupted", "later")

    def __init__(self, before: Value) -> None:
        self.before = before
        """The value before the change set."""
        self.interrupted = False
        """True if another change set changed the key between two changes of this one."""
        self.later: Replaced | None = None
        """The key's next record after the last one of the change set."""


def follow(traces: dict[bytes, Trace], record: Replaced, *, member: bool) -> None:
    """Add a record to the traces; records come in the order of their revisions. ``member``: True if it
    belongs to the change set."""
    trace = traces.get(record.key)
    if trace is None:
        if member:
            traces[record.key] = Trace(record.old)
    elif not member:
        trace.later = trace.later or record
    elif trace.later is not None:
        trace.interrupted, trace.later = True, None


def is_same(one: Value, other: Value) -> bool:
    """Return True if two values are known to be equal. A value that is not kept equals none."""
    return one == other and not (one is not None and one.kind == HIDDEN)


def undo_obstacle(
    trace: Trace, live: Value, left: Value, *, forgotten: bool, same: Same = is_same
) -> int | None:
    """Return what stands in the way of undoing a change set for one key, 0 for nothing; None if there is
    nothing to undo. ``live``: the value now; ``left``: what the change set left; ``forgotten``: part of what
    it did to the key is no longer kept."""
    if same(trace.before, live):
        return None
    if trace.before is not None and trace.before.kind == HIDDEN:
        return UNKEPT
    if forgotten:
        return FORGOTTEN
    return CHANGED if trace.interrupted or not same(left, live) else 0


def rollback_obstacle(before: Value, live: Value, *, same: Same = is_same) -> int | None:
    """Return the same for giving a key its value ``before``."""
    if same(before, live):
        return None
    return UNKEPT if before is not None and before.kind == HIDDEN else 0
