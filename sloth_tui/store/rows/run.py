"""A few thousand consecutive keys, and the rows they are in.

A run joins its keys in one ``bytes`` object, so that a substring search is fast, and keeps their rowids in an
array. The common beginning of all keys of a run is kept once; for typical keys it is most of each key. The
keys are separated by a byte that UTF-8 never contains: whatever a key holds, line feeds included, no match
can span two keys.

Keys are kept as the bytes that are stored, because other programs may have stored text that is not UTF-8.
Values in the key column that are not text (NULL, blobs) are not keys and are skipped.
"""

from __future__ import annotations

from array import array
from itertools import compress

from sloth_tui.store.rows.key_tests import BETWEEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from sloth_tui.store.rows.key_tests import Test

_IN_ITS_PLACE = b"\xfe"


class Run:
    """Consecutive keys and the rows they are in."""

    __slots__ = ("_rests", "_stem", "last", "low", "rowids")

    def __init__(self, low: bytes, last: bytes, stem: bytes, rests: bytes | None, rowids: array[int]) -> None:
        self.low = low
        """Lower bound: no key of the run is smaller, every key of the run before is."""
        self.last = last
        """The greatest key, or ``low`` if there is none."""
        self.rowids = rowids
        """In key order."""
        self._stem = stem
        """The common beginning of all keys."""
        self._rests = rests
        """The rest of each key, joined; None if the keys must be read again."""

    @property
    def in_memory(self) -> bool:
        return self._rests is not None

    @property
    def size(self) -> int:
        return len(self._rests or b"")

    def without_keys(self) -> Run:
        """Return the same rows, without their keys."""
        return Run(self.low, self.last, b"", None, self.rowids)

    def passing(self, tests: Sequence[Test]) -> array[int]:
        """Return the rows whose keys pass all tests."""
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
        """Return True if all keys certainly begin with ``prefix`` and contain nothing of ``without`` after
        it."""
        stem, rests = self._stem, self._rests
        if rests is None or not stem.startswith(prefix):
            return False
        return not any(part in rests or stem.find(part, len(prefix)) >= 0 for part in without)

    def rowid(self, key: bytes) -> int | None:
        """Return the row of a key; None if the key is not there."""
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


def pack(low: bytes, joined: bytes, rowids: list[int]) -> Run:
    """Return a run of keys, in order and joined by :data:`BETWEEN`, and the rows they are in."""
    if not rowids:
        return Run(low, low, b"", b"", array("I"))
    last = joined.rpartition(BETWEEN)[2]
    # Keys are in order: a common beginning of the first and the last is common to all.
    stem = _common_beginning(joined.partition(BETWEEN)[0], last)
    rests = joined[len(stem) :].replace(BETWEEN + stem, BETWEEN)
    return Run(low, last, stem, rests, compact(rowids))


def pack_keys(low: bytes, keys: list[bytes], rowids: list[int]) -> Run:
    """Return a run of keys that may not be UTF-8, and may contain the separating byte."""
    run = pack(low, BETWEEN.join(key.replace(BETWEEN, _IN_ITS_PLACE) for key in keys), rowids)
    run.last = keys[-1] if keys else low
    return run


def _common_beginning(one: bytes, other: bytes) -> bytes:
    for place, (byte, its) in enumerate(zip(one, other, strict=False)):
        if byte != its:
            return one[:place]
    return min(one, other, key=len)


def compact(rowids: list[int]) -> array[int]:
    """Return the rowids as an array, of four bytes each if they fit, else of eight."""
    try:
        return array("I", rowids)
    except OverflowError:
        return array("q", rowids)
