"""etcd as a source for the key index: a list of all keys, pages of rows, searches, and changes."""

from __future__ import annotations

import codecs
from threading import Lock

from sloth_tui.errors import Interrupted
from sloth_tui.model import Row
from sloth_tui.store.etcd.client.failures import COMPACTED, Failed
from sloth_tui.store.etcd.client.messages import Range
from sloth_tui.store.etcd.commits.expiring import overdue
from sloth_tui.store.etcd.data.head import head_of
from sloth_tui.store.etcd.data.records import ABSENT, decode_record, seconds
from sloth_tui.store.etcd.rows.key_list import KeyList
from sloth_tui.store.etcd.rows.sorted import Sorted
from sloth_tui.store.etcd.snapshots import blobs, walking
from sloth_tui.store.etcd.snapshots.settled import read_settled
from sloth_tui.store.rows.key_tests import BETWEEN
from sloth_tui.store.rows.run import pack, pack_keys
from sloth_tui.store.rows.window import IndexedWindow
from sloth_tui.values.codec import decode_key, key_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from sloth_tui.model import Query
    from sloth_tui.store.etcd.data.records import Kept
    from sloth_tui.store.etcd.rows.watch import Watch
    from sloth_tui.store.etcd.session import Session
    from sloth_tui.store.rows.run import Run
    from sloth_tui.store.rows.terms import Terms

PREVIEW_BYTES = 1024
"""The most bytes of a value that a row carries."""
_FIRST_KEYS = 2048
"""Keys of the first answer: enough for any screen."""
_CHANGES_AT_ONCE = 512
_MANY = 4096
"""Number of changes from which reading the whole list again is better."""
_RUN_KEYS = 2048


class EtcdKeySource:
    """See :class:`sloth_tui.store.rows.source.KeySource`.

    Has two sessions of its own: one for the thread that indexes, one for pages.
    """

    __slots__ = ("_heard", "_is_superseded", "_list", "_page_lock", "_pages", "_session", "_watch")

    def __init__(self, session: Session, pages: Session, watch: Watch) -> None:
        self._session = session
        self._pages = pages
        self._watch = watch
        self._page_lock = Lock()
        self._list = KeyList(session)
        self._heard = -1
        """What the watch had counted when changes were last looked for."""
        self._is_superseded: Callable[[], bool] = bool

    def stop_when(self, is_superseded: Callable[[], bool]) -> None:
        self._is_superseded = is_superseded

    def moved(self) -> bool:
        heard = self._watch.count
        moved, self._heard = heard != self._heard, heard
        if not moved:
            self._watch.check()
        return moved or 0 < self._list.due <= self._session.now()

    def came_or_went(self) -> Collection[bytes] | None:
        if not self._list.keys and not self._list.complete:
            self._start_over()
            return None
        since = self._list.revision
        came: set[bytes] = set()
        went: set[bytes] = set()
        while True:
            low, high = (
                self._session.layout.record(since + 1),
                self._session.layout.record(since + 1 + _CHANGES_AT_ONCE),
            )
            head, found = read_settled(self._session, Range(low, high)).answers
            settled = head_of(head, self._session.location)
            newest = settled.revision
            if (
                newest < since
                or newest - self._list.revision > _MANY
                or len(found.kvs) < min(newest - since, _CHANGES_AT_ONCE)
            ):
                # Replaced by another store, too many, or some are forgotten.
                self._start_over()
                return None
            for kept in found.kvs:
                since += 1
                record = decode_record(since, kept.value)
                if record.operation == "delete":
                    came.discard(record.key)
                    went.add(record.key)
                elif record.old_kind == ABSENT:
                    went.discard(record.key)
                    came.add(record.key)
            if since >= newest:
                break
        gone = self._past_their_time(settled.due)
        self._list.patch(came - gone, went | gone, since)
        return came | went | gone

    def _past_their_time(self, due: int) -> set[bytes]:
        """Return the keys of entries past their time to live that no writer has deleted yet, and note when to
        look again. ``due``: that of the head."""
        now = self._session.now()
        if not 0 < due <= now:
            self._list.due = due
            return set()
        gone, self._list.due = overdue(self._session, now)
        return set(gone)

    def read_run(self, low: bytes, high: bytes | None, limit: int | None) -> Run:
        keys = self._list
        while not self._reaches(low, high, limit):
            self._check()
            self._grow()
            keys = self._list
        first = keys.place(low)
        last = len(keys) if high is None else keys.place(high)
        if limit is not None:
            last = min(last, first + limit)
        part, numbers = keys.keys[first:last], keys.numbers(first, last).tolist()
        joined = BETWEEN.join(part)
        if joined.count(BETWEEN) + 1 != len(part) and part:
            return pack_keys(low, part, numbers)
        return pack(low, joined, numbers)

    def with_values(self, terms: Terms, low: bytes, high: bytes | None) -> frozenset[int]:
        return frozenset(number for number in self._matching(terms, low, high))

    def search(self, terms: Terms) -> Iterator[int]:
        """See the port. In key order: a server has no other that is faster."""
        beyond = terms.beyond if terms.prefix else None
        return self._matching(terms, terms.prefix, beyond)

    def sorted_rows(self, query: Query) -> Sorted:
        return Sorted(self._session, self._list_to_sort(), query, self._check)

    def in_key_order(self, rowids: Sequence[int], *, descending: bool) -> Sequence[int]:
        known = self._list.by_number
        there = [(key, number) for number in rowids if (key := known[number]) is not None]
        return [number for _, number in sorted(there, reverse=descending)]

    def read_rows(self, rowids: Sequence[int]) -> list[Row | None]:
        known = self._list.by_number
        keys = [known[number] if number < len(known) else None for number in rowids]
        with self._page_lock:
            found = walking.find(self._pages, [key for key in keys if key is not None]) if keys else {}
            return [None if key is None else self._row(key, found[key]) for key in keys]

    def count_rows(self, rowids: Sequence[int]) -> int:
        known = self._list.by_number
        return sum(number < len(known) and known[number] is not None for number in rowids)

    def read_keys(self, rowids: Sequence[int]) -> list[str]:
        known = self._list.by_number
        return [decode_key(key) for number in rowids if (key := known[number]) is not None]

    def existing(self, keys: Sequence[str]) -> frozenset[str]:
        stored = {key: bytes_of for key in keys if (bytes_of := key_bytes(key))}
        found = walking.find(self._session, list(stored.values()))
        now = self._session.now()
        there = {key: found[bytes_of] for key, bytes_of in stored.items()}
        return frozenset(key for key, kept in there.items() if kept is not None and not kept.is_over(now))

    def close(self) -> None:
        self._watch.close()
        self._session.close()
        with self._page_lock:
            self._pages.close()

    def _start_over(self) -> None:
        self._list = KeyList(self._session)
        self._list.begin(_FIRST_KEYS)

    def _reaches(self, low: bytes, high: bytes | None, limit: int | None) -> bool:
        """Return True if the list is loaded far enough for a run."""
        keys = self._list
        if keys.complete:
            return True
        first = keys.place(low)
        if limit is not None and first + limit <= len(keys):
            return True
        return high is not None and bool(keys.keys) and high <= keys.keys[-1]

    def _grow(self) -> None:
        keys = self._list
        if not keys.keys:
            keys.begin(_FIRST_KEYS)
            return
        try:
            keys.grow()
        except Failed as failed:
            if failed.kind != COMPACTED:
                raise
            # The moment that the list is of is gone: it is read again, as it is now.
            self._start_over()
            self._heard = -1

    def _list_to_sort(self) -> KeyList:
        while not self._list.complete:
            self._check()
            self._grow()
        return self._list

    def _matching(self, terms: Terms, low: bytes, high: bytes | None) -> Iterator[int]:
        """Yield the numbers of the keys in a range that pass all tests, keys and values."""
        while True:
            run = self.read_run(low, high, _RUN_KEYS)
            if not len(run.rowids):
                return
            passing = frozenset(run.passing(terms.tests))
            wanted = [
                (key, number) for key, number in zip(run.keys(), run.rowids, strict=True) if number in passing
            ]
            if wanted:
                yield from self._having_values(terms, wanted)
            if len(run.rowids) < _RUN_KEYS:
                return
            low = run.last + b"\0"

    def _having_values(self, terms: Terms, wanted: list[tuple[bytes, int]]) -> Iterator[int]:
        numbers, now = dict(wanted), self._session.now()
        for key, kept in walking.entries_between(self._session, wanted[0][0], wanted[-1][0] + b"\0"):
            self._check()
            number = numbers.get(key)
            if number is not None and not kept.is_over(now):
                stored = blobs.stored_of(self._session, kept)
                if all((text in stored) is not inverse for text, inverse in terms.values):
                    yield number

    def _row(self, key: bytes, kept: Kept | None) -> Row | None:
        if kept is None or kept.is_over(self._pages.now()):
            return None
        stored = blobs.beginning_of(self._pages, kept, PREVIEW_BYTES)[:PREVIEW_BYTES]
        decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        preview = decoder.decode(stored, len(stored) >= kept.size)
        return Row(
            decode_key(key),
            preview,
            kept.kind,
            kept.size,
            seconds(kept.updated),
            kept.revision or None,
            expires_at=seconds(kept.deadline),
        )

    def _check(self) -> None:
        if self._is_superseded():
            raise Interrupted


def open_window(session: Session, pages: Session, watch: Watch) -> IndexedWindow:
    """Return a window on an agent's entries. The sessions and the watch are its own."""
    return IndexedWindow(EtcdKeySource(session, pages, watch))
