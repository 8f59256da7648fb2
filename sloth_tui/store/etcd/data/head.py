"""The head of an agent's store: every commit changes it and nothing is true before that."""

from __future__ import annotations

from collections import namedtuple

from sloth_tui.errors import DatabaseUnusable
from sloth_tui.store.etcd.data.records import FORMAT, TIMED_FORMAT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.store.etcd.client.messages import RangeAnswer


class Pending(namedtuple("Pending", ("commit", "base", "steps", "done"))):
    """A commit too large for one request: it has happened, but not all of its writes are in place."""

    __slots__ = ()

    commit: bytes
    """Its name among the stages."""
    base: int
    """The revision before its first one."""
    steps: int
    """Number of the requests that put its writes in place."""
    done: int
    """How many of them were made."""


class Head(namedtuple("Head", ("mod", "revision", "change", "secrets", "pending", "due"), defaults=(0,))):
    """The head as it was read or written."""

    __slots__ = ()

    mod: int
    """The server's revision of its last change: what the next commit compares. 0: there is no store yet."""
    revision: int
    """The newest revision of the store: ours, growing by one with every change of a key."""
    change: int
    """The number of the newest change set."""
    secrets: int
    """Grows whenever a key or pattern is marked as secret."""
    pending: Pending | None
    due: int
    """Unix milliseconds before which no time to live is over; 0 if no entry has one."""

    def is_due(self, now: int) -> bool:
        """Return True if a time to live may be over at a time in unix milliseconds."""
        return 0 < self.due <= now


_MOST_DIGITS = 9
NONE = Head(0, 0, 0, 0, None)
"""The head of a store that was never written to."""


def encode_head(head: Head) -> bytes:
    line = f"{FORMAT} {head.revision} {head.change} {head.secrets}".encode()
    if head.due:
        line = b"%d%b %d" % (TIMED_FORMAT, line[1:], head.due)
    if head.pending is None:
        return line
    commit, base, steps, done = head.pending
    return line + b" %b %d %d %d" % (commit, base, steps, done)


def head_of(answer: RangeAnswer, location: str) -> Head:
    """Return the head that a range over its key found. Raises DatabaseUnusable for one of a newer program, or
    of no program of ours."""
    if not answer.kvs:
        return NONE
    found = answer.kvs[0]
    fields = found.value.split(b" ")
    if not fields[0].isdigit() or len(fields[0]) > _MOST_DIGITS:
        raise _not_ours(location)
    form = int(fields[0])
    if form > TIMED_FORMAT:
        raise DatabaseUnusable(
            f"{location}: written by a newer sloth-runner (format {form})",
            hint=f"this one knows {TIMED_FORMAT}",
        )
    due = fields.pop(4) if form == TIMED_FORMAT and len(fields) > 4 else b"0"
    if len(fields) not in (4, 8):
        raise _not_ours(location)
    _, revision, change, secrets, *rest = fields
    try:
        pending = Pending(rest[0], *map(int, rest[1:])) if rest else None
        return Head(found.mod, int(revision), int(change), int(secrets), pending, int(due))
    except ValueError:
        raise _not_ours(location) from None


def _not_ours(location: str) -> DatabaseUnusable:
    return DatabaseUnusable(f"{location}: not a store of sloth-runner", hint="choose another prefix")
