"""Reading entries."""

from __future__ import annotations

from sloth_tui.errors import KeyNotFound
from sloth_tui.store.etcd.client.messages import Range
from sloth_tui.store.etcd.data.head import head_of
from sloth_tui.store.etcd.data.records import seconds, value_of
from sloth_tui.store.etcd.snapshots import blobs, walking
from sloth_tui.store.etcd.snapshots.settled import read_settled
from sloth_tui.values.codec import after_prefix, decode_key, first_segment, key_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from types import TracebackType
    from typing import Self, TypeVar

    from sloth_tui.model import Entry, Value
    from sloth_tui.store.etcd.data.records import Kept
    from sloth_tui.store.etcd.session import Session

    D = TypeVar("D")

_NEIGHBOURS = 100
"""Number of keys around a missing key that are compared with it, to suggest similar ones."""


class EntryReading:
    """See :class:`sloth_tui.store.port.Entries`."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def agent(self) -> str:
        return self._session.agent

    @property
    def backend(self) -> str:
        return "etcd"

    @property
    def location(self) -> str:
        return self._session.location

    @property
    def read_only(self) -> bool:
        return self._session.read_only

    def warning(self) -> str | None:
        return None

    def close(self) -> None:
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def get(self, key: str, default: D | None = None) -> Value | D | None:
        kept = self._find_one(key)
        return default if kept is None else self._value(kept)

    def get_many(self, keys: Iterable[str]) -> dict[str, Value]:
        wanted = list(dict.fromkeys(keys))
        found = self._find([key_bytes(key) for key in wanted])
        return {key: self._value(kept) for key, kept in zip(wanted, found, strict=True) if kept is not None}

    def entry(self, key: str) -> Entry:
        kept = self._find_one(key)
        if kept is None:
            raise self._no_such_key(key)
        return self._entry(key, kept)

    def exists(self, key: str) -> bool:
        return self._find_one(key) is not None

    def keys(self, prefix: str = "") -> Iterator[str]:
        return (decode_key(key) for key, _ in self._walk(prefix))

    def items(self, prefix: str = "") -> Iterator[tuple[str, Value]]:
        return ((decode_key(key), self._value(kept)) for key, kept in self._walk(prefix))

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        return (self._entry(decode_key(key), kept) for key, kept in self._walk(prefix))

    def count(self, prefix: str = "") -> int:
        low = key_bytes(prefix)
        if low is None:
            return 0
        if self._session.work is not None:
            return sum(1 for _ in self._walk(prefix))
        first, end = self._session.layout.entries_between(low, after_prefix(low))
        head, counted = read_settled(self._session, Range(first, end, count_only=True)).answers
        if head_of(head, self._session.location).is_due(self._session.now()):
            return sum(1 for _ in self._walk(prefix))
        return counted.count

    def ttl(self, key: str) -> float | None:
        kept = self._find_one(key)
        if kept is None or not kept.deadline:
            return None
        return max(kept.deadline / 1000 - self._session.clock.wall(), 0.001)

    def _find_one(self, key: str) -> Kept | None:
        """Return this entry; None for a key that is absent or cannot be one."""
        session, wanted = self._session, key_bytes(key)
        if not wanted or session.work is not None:
            return self._find([wanted])[0]
        kept = walking.find_one(session, wanted)
        if kept is not None and kept.deadline and kept.is_over(session.now()):
            return None
        return kept

    def _find(self, keys: Sequence[bytes | None]) -> list[Kept | None]:
        """Return these entries, all as they are at one moment; None for a key that is absent or cannot be
        one."""
        session = self._session
        wanted = [key for key in keys if key]
        if session.work is not None:
            # Imported here, as below: only a writer is inside a transaction.
            from sloth_tui.store.etcd.commits.wanted import current

            found = current(session, wanted)
            return [found[key] if key else None for key in keys]
        found, now = walking.find(session, wanted), session.now()
        kept = [found[key] if key else None for key in keys]
        return [None if each is not None and each.is_over(now) else each for each in kept]

    def _walk(self, prefix: str) -> Iterator[tuple[bytes, Kept]]:
        low = key_bytes(prefix)
        if low is None:
            return iter(())
        if self._session.work is not None:
            from sloth_tui.store.etcd.commits.wanted import entries_between

            return entries_between(self._session, low, after_prefix(low))
        now = self._session.now()
        kept = walking.entries_between(self._session, low, after_prefix(low))
        return ((key, entry) for key, entry in kept if not entry.is_over(now))

    def _value(self, kept: Kept) -> Value:
        return value_of(kept.kind, blobs.stored_of(self._session, kept))

    def _entry(self, key: str, kept: Kept) -> Entry:
        from sloth_tui.model import Entry

        return Entry(
            key,
            self._value(kept),
            kept.kind,
            seconds(kept.created),
            seconds(kept.updated),
            kept.revision or None,
            kept.size,
            seconds(kept.deadline),
        )

    def _no_such_key(self, key: str) -> KeyNotFound:
        from sloth_tui.text import nearest

        around = [decode_key(found) for found in self._around(key)]
        nearby = [found for found in nearest(key, around) if self.exists(found)]
        meant = nearest(key, nearby)
        return KeyNotFound(f"no key '{key}'", hint="nearest: " + ", ".join(meant) if meant else None)

    def _around(self, key: str) -> list[bytes]:
        """Return some keys before and after a missing one, within its first segment."""
        sought, segment = key_bytes(key), key_bytes(first_segment(key))
        if not sought or not segment:
            return []
        session, skip = self._session, len(self._session.layout.entries)
        low, high = segment, after_prefix(segment)
        if segment == sought:
            low, high = segment[:1], after_prefix(segment[:1])
        first, end = session.layout.entries_between(low, high)
        here = session.layout.entry(sought)
        before, behind = session.read(
            Range(first, here, _NEIGHBOURS, keys_only=True, descending=True),
            Range(here, end, _NEIGHBOURS, keys_only=True),
        )
        return [found.key[skip:] for found in (*before.kvs, *behind.kvs)]
