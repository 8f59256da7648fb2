"""Every key of an agent's store, in memory and in order: read once, then patched.

A server walks a range to its far end whatever the limit, so pages are not asked for by a limit: the first
screen is, once, and the rest comes whole or, if it is large, in ranges whose ends are guessed from the keys
seen so far."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from heapq import merge

from sloth_tui.store.etcd.client.messages import Range
from sloth_tui.store.etcd.data.head import head_of
from sloth_tui.store.etcd.snapshots.settled import read_settled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sloth_tui.store.etcd.session import Session

_AT_ONCE = 200_000
"""Keys that one answer may have: a second's work for the server."""
_FEW, _MANY = 20_000, 100_000
"""A range with a guessed end should have so many keys."""
_SINGLE_INSERTS = 64
"""Up to so many new keys are inserted one by one; more are merged."""


class KeyList:
    """The keys, with a number each that stays theirs while they exist."""

    __slots__ = (
        "_loaded_to",
        "_numbers",
        "_revision",
        "_session",
        "_total",
        "by_number",
        "complete",
        "due",
        "keys",
        "revision",
    )

    def __init__(self, session: Session) -> None:
        self._session = session
        self.keys: list[bytes] = []
        """In order, up to where they are loaded."""
        self._numbers: array[int] = array("q")
        """Of these keys."""
        self.by_number: list[bytes | None] = []
        """Number -> key; None for one that no longer exists."""
        self.complete = False
        self.revision = 0
        """Our revision that the list is of."""
        self.due = 0
        """Unix milliseconds from which on some of the keys may be of entries past their time to live; 0:
        never, as far as is known."""
        self._revision = 0
        """The server's revision at which it is read."""
        self._loaded_to = b""
        self._total = 0

    def __len__(self) -> int:
        return len(self.keys)

    def begin(self, count: int) -> None:
        """Load the first ``count`` keys."""
        first, end = self._session.layout.entries_between(b"", None)
        reading = read_settled(self._session, Range(first, end, count, keys_only=True))
        head, answer = reading.answers
        found = head_of(head, self._session.location)
        self.revision, self.due = found.revision, found.due
        self._revision, self._total = reading.revision, answer.count
        self._take(found.key for found in answer.kvs)
        self.complete = len(answer.kvs) >= answer.count

    def grow(self) -> None:
        """Load more keys. Raises Failed if the moment that they are of was compacted."""
        low = self._loaded_to + b"\0"
        high = None if self._total - len(self.keys) <= _AT_ONCE else self._guess_end(low)
        first, end = self._session.layout.entries_between(low, high)
        answer = self._session.range(Range(first, end, revision=self._revision, keys_only=True))
        self._take(found.key for found in answer.kvs)
        if high is not None:
            self._loaded_to = max(self._loaded_to, high[:-1] if high.endswith(b"\0") else high)
        self.complete = high is None or len(self.keys) >= self._total

    def place(self, key: bytes) -> int:
        """Return the position of a key, or where it would be."""
        return bisect_left(self.keys, key)

    def number(self, key: bytes) -> int | None:
        """Return the number of a key; None if it is not there."""
        place = self.place(key)
        return self._numbers[place] if place < len(self.keys) and self.keys[place] == key else None

    def numbers(self, first: int, last: int) -> array[int]:
        """Return the numbers of the keys from one position to another."""
        return self._numbers[first:last]

    def patch(self, came: Iterable[bytes], went: Iterable[bytes], revision: int) -> None:
        """Add and remove keys; the list is then of ``revision``."""
        gone = {key for key in went if self.number(key) is not None}
        new = sorted(key for key in set(came) if self.number(key) is None and self._covers(key))
        if len(new) + len(gone) <= _SINGLE_INSERTS:
            for key in gone:
                self._remove(key)
            for key in new:
                place = self.place(key)
                self.keys.insert(place, key)
                self._numbers.insert(place, self._new_number(key))
        else:
            self._merge(new, gone)
        self.revision = revision
        self._total += len(new) - len(gone)

    def _covers(self, key: bytes) -> bool:
        return self.complete or key <= self._loaded_to

    def _remove(self, key: bytes) -> None:
        place = self.place(key)
        self.by_number[self._numbers[place]] = None
        del self.keys[place]
        del self._numbers[place]

    def _merge(self, new: Sequence[bytes], gone: set[bytes]) -> None:
        kept = [
            (key, number) for key, number in zip(self.keys, self._numbers, strict=True) if key not in gone
        ]
        for key in gone:
            number = self.number(key)
            if number is not None:
                self.by_number[number] = None
        added = [(key, self._new_number(key)) for key in new]
        both = list(merge(kept, added))
        self.keys = [key for key, _ in both]
        self._numbers = array("q", [number for _, number in both])

    def _new_number(self, key: bytes) -> int:
        self.by_number.append(key)
        return len(self.by_number) - 1

    def _take(self, names: Iterable[bytes]) -> None:
        skip = len(self._session.layout.entries)
        keys = [name[skip:] for name in names]
        first = len(self.by_number)
        self.by_number.extend(keys)
        self._numbers.extend(range(first, len(self.by_number)))
        self.keys.extend(keys)
        if keys:
            self._loaded_to = keys[-1]

    def _guess_end(self, low: bytes) -> bytes | None:
        """Return the end of a range from ``low`` on that has neither few keys nor very many; None for no end.

        The ends that are tried are those of the prefixes of the last key seen, from the longest on: each
        range holds the one before it, so that counting them costs little more than the largest."""
        last = self._loaded_to
        best: bytes | None = None
        for size in range(len(last), 0, -1):
            high = _successor(last[:size])
            if high is None:
                continue
            first, end = self._session.layout.entries_between(low, high)
            count = self._session.range(Range(first, end, revision=self._revision, count_only=True)).count
            if count > _MANY:
                return best or high
            if count:
                best = high
            if count >= _FEW:
                return high
        return None


def _successor(prefix: bytes) -> bytes | None:
    """Return the smallest key that comes after all keys with this prefix; None if there is none."""
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes((stem[-1] + 1,)) if stem else None
