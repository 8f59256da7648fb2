"""The store as it is at one moment: all that is read together is of one revision of the server."""

from __future__ import annotations

from sloth_tui.store.etcd.client.failures import COMPACTED, Failed
from sloth_tui.store.etcd.client.messages import Range, after
from sloth_tui.store.etcd.data.head import head_of
from sloth_tui.store.etcd.data.layout import number_at_end
from sloth_tui.store.etcd.data.records import (
    ABSENT,
    HIDDEN,
    decode_change,
    decode_record,
    value_of,
)
from sloth_tui.store.etcd.snapshots import blobs, walking
from sloth_tui.store.etcd.snapshots.settled import read_settled
from sloth_tui.store.etcd.upkeep import secrets
from sloth_tui.store.history.rules import HIDDEN as SECRET
from sloth_tui.store.history.rules import Form
from sloth_tui.values.codec import after_prefix, key_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import TypeVar

    from sloth_tui.model import Value
    from sloth_tui.store.etcd.client.messages import KeyValue, RangeAnswer
    from sloth_tui.store.etcd.data.records import ChangeRecord, Kept, Record
    from sloth_tui.store.etcd.session import Session

    T = TypeVar("T")

_AT_ONCE = 256
"""Keys read by one request."""
_FIRST_PAGE, _GROWTH = 64, 4
_MOST_RECORDS = 4096
"""Records read by one request, if they are small."""
_PAGE_BYTES = 2 * 1024 * 1024
"""Bytes of a page of records above which the next one is smaller."""
_NEAR = 2048
"""Up to so many revisions are read through, rather than those of the wanted keys looked up."""


def at_one_moment(session: Session, look: Callable[[Moment], T]) -> T:
    """Return what ``look`` finds in the store as it is now: once more if the server forgets that moment
    meanwhile, because it was compacted. Raises DatabaseUnusable, Interrupted."""
    while True:
        try:
            return look(Moment(session))
        except Failed as failed:
            if failed.kind != COMPACTED:
                raise


class Selection:
    """Keys of the store: all, those with a prefix, or one."""

    __slots__ = ("is_key", "low")

    def __init__(self, prefix: str = "", key: str | None = None) -> None:
        self.is_key = key is not None
        self.low = key_bytes(prefix if key is None else key)
        """The key or the prefix; None if no key can be selected."""

    @property
    def is_all(self) -> bool:
        return self.low == b"" and not self.is_key

    def includes(self, key: bytes) -> bool:
        if self.low is None:
            return False
        return key == self.low if self.is_key else key.startswith(self.low)


class Moment:
    """See the module. Its methods raise DatabaseUnusable, Interrupted, and Failed if the server was
    compacted."""

    __slots__ = ("at", "head", "session")

    def __init__(self, session: Session) -> None:
        reading = read_settled(session)
        self.session = session
        self.head = head_of(reading.answers[0], session.location)
        self.at = reading.revision

    def range(self, request: Range) -> RangeAnswer:
        return self.session.range(request._replace(revision=self.at))

    def read(self, ranges: Sequence[Range]) -> list[RangeAnswer]:
        """Read many small ranges."""
        found: list[RangeAnswer] = []
        for first in range(0, len(ranges), _AT_ONCE):
            part = ranges[first : first + _AT_ONCE]
            found += self.session.read(*(request._replace(revision=self.at) for request in part))
        return found

    def names(self, first: bytes, end: bytes) -> Iterator[bytes]:
        """Yield the names on the server from ``first`` up to, not including, ``end``."""
        return walking.names_between(self.session, first, end, self.at)

    def values(self, first: bytes, end: bytes) -> Iterator[KeyValue]:
        """Yield the names on the server from ``first`` up to, not including, ``end``, and what is there, in
        pages."""
        names, size, at = list(self.names(first, end)), _FIRST_PAGE, 0
        while at < len(names):
            found = self.range(Range(names[at], names[at + size] if at + size < len(names) else end)).kvs
            yield from found
            at += size
            size = _next_size(size, len(found), sum(len(kv.value) for kv in found))

    def entries(self, keys: Sequence[bytes]) -> dict[bytes, Kept | None]:
        return walking.find_at(self.session, keys, self.at)

    def walk(self, selection: Selection) -> Iterator[tuple[bytes, Kept]]:
        """Yield the selected keys and their entries, in key order."""
        if selection.low is None:
            return
        if selection.is_key:
            kept = self.entries([selection.low])[selection.low]
            if kept is not None:
                yield selection.low, kept
            return
        yield from walking.entries_between(
            self.session, selection.low, after_prefix(selection.low), self.at, fixed=True
        )

    def records(self, revisions: Sequence[int]) -> list[Record]:
        """Return those of these records that are kept."""
        answers = self.read([Range(self.session.layout.record(revision)) for revision in revisions])
        return [
            self._hidden(decode_record(revision, answer.kvs[0].value))
            for revision, answer in zip(revisions, answers, strict=True)
            if answer.kvs
        ]

    def records_between(self, low: int, high: int) -> Iterator[Record]:
        """Yield the kept records from ``low`` to ``high``, both included, in pages."""
        layout, size = self.session.layout, _FIRST_PAGE
        while low <= high:
            end = min(low + size, high + 1)
            found = self.range(Range(layout.record(low), layout.record(end))).kvs
            for kv in found:
                yield self._hidden(decode_record(number_at_end(kv.key), kv.value))
            low = end
            size = _next_size(size, len(found), sum(len(kv.value) for kv in found))

    def changes(self, selection: Selection, since: int, until: int | None = None) -> Iterator[Record]:
        """Yield the kept records of the selected keys after ``since`` up to ``until`` (None: the newest),
        oldest first."""
        until = self.head.revision if until is None else min(until, self.head.revision)
        since = max(since, 0)
        if selection.low is None or since >= until:
            return
        if selection.is_all or (not selection.is_key and until - since <= _NEAR):
            yield from (
                record for record in self.records_between(since + 1, until) if selection.includes(record.key)
            )
            return
        wanted = self._revisions_of(selection, since, until)
        size, done = _FIRST_PAGE, 0
        while done < len(wanted):
            page = self.records(wanted[done : done + size])
            yield from page
            done += size
            size = min(_next_size(size, len(page), sum(len(record.old) for record in page)), _MOST_RECORDS)

    def revisions_of(self, key: bytes, since: int = 0) -> list[int]:
        """Return the kept revisions of a key after ``since``, oldest first."""
        _, end = self.session.layout.chain_of(key)
        first = self.session.layout.chain(key, since + 1)
        return [number_at_end(kv.key) for kv in self.range(Range(first, end, keys_only=True)).kvs]

    def next_of(self, last: dict[bytes, int]) -> dict[bytes, Record]:
        """Return each key's first record after a revision; keys without one are left out."""
        layout = self.session.layout
        ranges = [
            Range(layout.chain(key, revision + 1), layout.chain_of(key)[1], 1, keys_only=True)
            for key, revision in last.items()
        ]
        found = [number_at_end(answer.kvs[0].key) for answer in self.read(ranges) if answer.kvs]
        return {record.key: record for record in self.records(found)}

    def change_records(self, numbers: Iterable[int]) -> dict[int, ChangeRecord]:
        """Return those of these change sets that are kept."""
        wanted = sorted(set(numbers))
        answers = self.read([Range(self.session.layout.change(number)) for number in wanted])
        return {
            number: decode_change(number, answer.kvs[0].value)
            for number, answer in zip(wanted, answers, strict=True)
            if answer.kvs
        }

    def value(self, form: Form | None) -> Value | None:
        """Return a value; None if it is absent, empty text if it is a secret."""
        if form is None:
            return None
        if form.kind == SECRET:
            return ""
        return value_of(str(form.kind), self.bytes_of(form))

    def bytes_of(self, form: Form) -> bytes:
        """Return the stored form of a value of this moment, or of a later one that is still there."""
        if isinstance(form.stored, bytes):
            return form.stored
        assert isinstance(form.stored, Blob)
        return blobs.read(self.session, form.stored.name) or blobs.read(
            self.session, form.stored.name, self.at
        )

    def same(self, one: Form | None, other: Form | None) -> bool:
        """Return True if two values are known to be equal."""
        if one is None or other is None or one.kind != other.kind or one.kind == SECRET:
            return one is None and other is None
        if one.stored == other.stored:
            return True
        if isinstance(one.stored, bytes) and isinstance(other.stored, bytes):
            return False
        return self.bytes_of(one) == self.bytes_of(other)

    def _hidden(self, record: Record) -> Record:
        """Return the record as it is once every value of a secret is dropped, although that takes a while."""
        if record.old_kind in (ABSENT, HIDDEN) or not secrets.is_secret(self.session, record.key, self.head):
            return record
        return record._replace(old_kind=HIDDEN, old=b"", old_size=0, old_blob=None)

    def _revisions_of(self, selection: Selection, since: int, until: int) -> list[int]:
        assert selection.low is not None
        if selection.is_key:
            return [revision for revision in self.revisions_of(selection.low, since) if revision <= until]
        layout = self.session.layout
        first = layout.chains + selection.low
        return sorted(
            revision
            for name in self.names(first, after(first))
            if since < (revision := number_at_end(name)) <= until
            and selection.includes(layout.key_of_chain(name))
        )


class Blob:
    """What stands in a form for a value that is kept in pieces."""

    __slots__ = ("name",)

    def __init__(self, name: bytes) -> None:
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Blob) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)


def form_of(kept: Kept | None) -> Form | None:
    """Return the value of an entry."""
    if kept is None:
        return None
    return Form(kept.kind, kept.stored if kept.blob is None else Blob(kept.blob))


def old_form(record: Record) -> Form | None:
    """Return the value that a change replaced."""
    if record.old_kind == ABSENT:
        return None
    if record.old_kind == HIDDEN:
        return Form(SECRET, b"")
    return Form(record.old_kind, record.old if record.old_blob is None else Blob(record.old_blob))


def _next_size(size: int, found: int, taken: int) -> int:
    """Return how many revisions to read next, after ``found`` records of so many bytes among the last
    ``size``."""
    if not found:
        return size * _GROWTH
    fitting = max(1, found * _PAGE_BYTES // max(taken, 1))
    return max(1, min(size * _GROWTH, fitting, _MOST_RECORDS))
