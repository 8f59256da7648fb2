"""Every key of a table of millions in memory, in order, as runs of a few thousand.

A run joins its keys in one ``bytes`` object, so that a substring is looked for at the speed of memory, and
keeps their rowids in an array. What all keys of a run begin with is kept once: of the keys that people choose
that is most. Between keys stands a byte that UTF-8 never contains: whatever else a key holds, line feeds
included, no match can span two of them.

Keys are handled as the bytes they are stored as, because other programs may have stored text that is no
UTF-8. What is no text in the key column (NULL, blobs) is no key and passed over.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from itertools import compress
from operator import itemgetter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Self

    import apsw

    from sloth_tui.store.sqlite.rows.key_tests import Test

RUN = 2048
"""Keys read at once: about a millisecond's work."""
MAX_BYTES = 48 * 1024 * 1024
"""Keys kept in memory; those of runs beyond are read again when they are looked through."""
CROWDED = 8 * RUN
"""A run that has grown to so many keys is worth cutting the whole index anew."""

BETWEEN = b"\xff"
"""A byte that UTF-8 never contains: what stands between keys."""
_IN_ITS_PLACE = b"\xfe"

# Without an upper bound an empty blob is one: in SQLite's order every blob comes after all text.
KEY_RANGE = (
    "key >= CAST(:low AS TEXT) AND key < CASE WHEN :high IS NULL THEN x'' ELSE CAST(:high AS TEXT) END"
)
_ROWS = f"SELECT rowid AS id, key FROM state WHERE {KEY_RANGE} ORDER BY key LIMIT :limit"
_READ_JOINED = f"SELECT group_concat(id), CAST(group_concat(key, x'ff') AS BLOB) FROM ({_ROWS})"
_READ_ONE_BY_ONE = f"SELECT id, CAST(key AS BLOB) FROM ({_ROWS})"
_NO_LIMIT = -1


class Run:
    """Consecutive keys and the rows they are in."""

    __slots__ = ("_rests", "_stem", "last", "low", "rowids")

    def __init__(self, low: bytes, last: bytes, stem: bytes, rests: bytes | None, rowids: array[int]) -> None:
        self.low = low
        """No key of the run is smaller; every key of the run before is."""
        self.last = last
        """The greatest key, or ``low`` where there is none."""
        self.rowids = rowids
        """In key order."""
        self._stem = stem
        """What every key begins with."""
        self._rests = rests
        """What follows in each key, joined; None: has to be read again."""

    @property
    def in_memory(self) -> bool:
        return self._rests is not None

    @property
    def size(self) -> int:
        return len(self._rests or b"")

    def without_keys(self) -> Run:
        """The same rows, without their keys."""
        return Run(self.low, self.last, b"", None, self.rowids)

    def passing(self, tests: Sequence[Test]) -> array[int]:
        """Rows whose key passes all tests."""
        stem, joined = self._stem, self._rests or b""
        rests: list[bytes] | None = None
        flags: list[object] | None = None
        for test in tests if self.rowids else ():
            verdict = test.of_all(stem, joined)
            if verdict is False:
                return self.rowids[:0]
            if verdict is None:
                rests = self._split() if rests is None else rests
                its = test.of_each(stem, rests)
                flags = list(its) if flags is None else [a and b for a, b in zip(flags, its, strict=True)]
        return self.rowids if flags is None else array(self.rowids.typecode, compress(self.rowids, flags))

    def holds_only(self, prefix: bytes, without: tuple[bytes, ...]) -> bool:
        """Whether certainly all keys begin with ``prefix``, and have nothing of ``without`` after it."""
        stem, rests = self._stem, self._rests
        if rests is None or not stem.startswith(prefix):
            return False
        return not any(part in rests or stem.find(part, len(prefix)) >= 0 for part in without)

    def rowid(self, key: bytes) -> int | None:
        """The row of a key; None: the key is not there."""
        key = key.replace(BETWEEN, _IN_ITS_PLACE)
        if not key.startswith(self._stem):
            return None
        try:
            return self.rowids[self._split().index(key[len(self._stem) :])]
        except ValueError:
            return None

    def _split(self) -> list[bytes]:
        return (self._rests or b"").split(BETWEEN) if self.rowids else []

    def keys(self) -> list[bytes]:
        return [self._stem + rest for rest in self._split()]


class KeyIndex:
    """The runs, read one after the other as they are needed. Never changed but for growing."""

    def __init__(
        self, connection: apsw.Connection, runs: Iterable[Run] = (), *, complete: bool = False
    ) -> None:
        self._connection = connection
        self._runs = list(runs)
        self._lows = [run.low for run in self._runs]
        self._room = MAX_BYTES - sum(run.size for run in self._runs)
        self._next = b""
        self.complete = complete

    def __len__(self) -> int:
        """How many runs have been read."""
        return len(self._runs)

    def run(self, number: int) -> Run:
        """A run with its keys, which may have to be read again."""
        run = self._runs[number]
        return run if run.in_memory else self._read(number)

    def bounds(self, number: int) -> tuple[bytes, bytes | None]:
        """The smallest key a run may hold, and the smallest that is beyond it; None: there is no end."""
        if number + 1 < len(self._runs):
            return self._lows[number], self._lows[number + 1]
        return self._lows[number], None if self.complete else self._next

    def last(self, number: int) -> bytes:
        """The greatest key a run had when it was read."""
        return self._runs[number].last

    def locate(self, key: bytes) -> int | None:
        """The number of the run that holds ``key`` or would; None where that has not been read yet."""
        if not self._runs or (not self.complete and key >= self._next):
            return None
        return bisect_right(self._lows, key) - 1

    def grow(self) -> bool:
        """Read the next run; False when there are no more."""
        if self.complete:
            return False
        run = read_run(self._connection, self._next, None, RUN)
        self.complete = len(run.rowids) < RUN
        self._next = run.last + b"\0"
        self._lows.append(run.low)
        self._runs.append(self._kept(run))
        return True

    def patched(self, keys: Iterable[bytes]) -> tuple[Self, list[int]] | None:
        """The index after ``keys`` came or went, and the numbers of the runs that differ; None where it is
        better to begin anew."""
        numbers = sorted({number for key in keys if (number := self.locate(key)) is not None})
        if not numbers:
            return self, numbers
        runs = list(self._runs)
        for number in numbers:
            run = self._read(number)
            if len(run.rowids) > CROWDED:
                return None
            runs[number] = run if runs[number].in_memory else run.without_keys()
        patched = type(self)(self._connection, runs, complete=self.complete)
        patched._next = self._next
        return patched, numbers

    def _read(self, number: int) -> Run:
        return read_run(self._connection, *self.bounds(number), _NO_LIMIT)

    def _kept(self, run: Run) -> Run:
        if run.size > self._room:
            return run.without_keys()
        self._room -= run.size
        return run


def read_run(connection: apsw.Connection, low: bytes, high: bytes | None, limit: int) -> Run:
    """The first ``limit`` keys (-1: all) from ``low`` up to, not including, ``high``."""
    bounds: dict[str, apsw.SQLiteValue] = {"low": low, "high": high, "limit": limit}
    numbers, joined = connection.execute(_READ_JOINED, bounds).fetchall()[0]
    if not isinstance(numbers, str) or not isinstance(joined, bytes):
        return Run(low, low, b"", b"", array("I"))
    rowids = list(map(int, numbers.split(",")))
    if joined.count(BETWEEN) + 1 != len(rowids):
        return _read_one_by_one(connection, bounds)
    return _pack(low, joined.rpartition(BETWEEN)[2], joined, rowids)


def _read_one_by_one(connection: apsw.Connection, bounds: dict[str, apsw.SQLiteValue]) -> Run:
    """A run with keys that are no UTF-8 and hold the byte that is to stand between keys."""
    keys, rowids = [], []
    for rowid, key in connection.execute(_READ_ONE_BY_ONE, bounds):
        assert isinstance(rowid, int)
        assert isinstance(key, bytes)
        keys.append(key)
        rowids.append(rowid)
    low = bounds["low"]
    assert isinstance(low, bytes)
    joined = BETWEEN.join(key.replace(BETWEEN, _IN_ITS_PLACE) for key in keys)
    return _pack(low, keys[-1] if keys else low, joined, rowids)


def _pack(low: bytes, last: bytes, joined: bytes, rowids: list[int]) -> Run:
    # Keys are in order: what the first and the last begin with, all do.
    stem = _common_beginning(joined.partition(BETWEEN)[0], joined.rpartition(BETWEEN)[2])
    rests = joined[len(stem) :].replace(BETWEEN + stem, BETWEEN)
    return Run(low, last, stem, rests, compact(rowids))


def _common_beginning(one: bytes, other: bytes) -> bytes:
    for place, (byte, its) in enumerate(zip(one, other, strict=False)):
        if byte != its:
            return one[:place]
    return min(one, other, key=len)


def compact(rowids: list[int]) -> array[int]:
    """Four bytes each where they fit, else eight."""
    try:
        return array("I", rowids)
    except OverflowError:
        return array("q", rowids)


def integers(answer: Iterable[tuple[apsw.SQLiteValue, ...]]) -> Iterator[int]:
    """The one column of an answer that has rowids only."""
    return map(itemgetter(0), answer)


def after_prefix(prefix: bytes) -> bytes | None:
    """The smallest key greater than every key with this prefix; None: there is none."""
    stripped = prefix.rstrip(b"\xff")
    return stripped[:-1] + bytes([stripped[-1] + 1]) if stripped else None
