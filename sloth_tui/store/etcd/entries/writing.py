"""Writing entries."""

from __future__ import annotations

from sloth_tui.errors import InvalidValue
from sloth_tui.store.etcd.commits import commit
from sloth_tui.store.etcd.commits.wanted import Keys, Prefix
from sloth_tui.store.etcd.data.batch import Write
from sloth_tui.store.etcd.data.records import kind_and_bytes
from sloth_tui.store.etcd.entries.reading import EntryReading
from sloth_tui.store.ttl_rules import check_ttl
from sloth_tui.values.codec import added, check_key, encode, key_bytes, same

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from sloth_tui.model import Value
    from sloth_tui.store.etcd.data.batch import Found
    from sloth_tui.store.etcd.data.records import Kept


class EntryWriting(EntryReading):
    """See :class:`sloth_tui.store.port.EntryWrites`."""

    __slots__ = ()

    def set(self, key: str, value: Value, *, ttl: float | None = None, keep_ttl: bool = False) -> int:
        stored_key, (kind, stored) = check_key(key).encode(), kind_and_bytes(value)
        seconds = None if ttl is None else check_ttl(ttl)

        def decide(found: Found, revision: int) -> tuple[Sequence[Write], int]:
            kept = found[stored_key]
            deadline = self._deadline(seconds, kept if keep_ttl else None)
            if kept is not None and self._holds(kept, value, kind, stored):
                return _touched(stored_key, kept, deadline), kept.revision
            return (Write(stored_key, kind, stored, deadline),), revision

        return commit.run(self._session, Keys((stored_key,)), decide)

    def set_many(self, values: Mapping[str, Value], *, ttls: Mapping[str, float] | None = None) -> int:
        limits = {check_key(key).encode(): check_ttl(seconds) for key, seconds in (ttls or {}).items()}
        wanted = {check_key(key).encode(): (value, *kind_and_bytes(value)) for key, value in values.items()}
        if not wanted:
            return 0

        def decide(found: Found, revision: int) -> tuple[Sequence[Write], int]:
            writes: list[Write] = []
            for key, (value, kind, stored) in wanted.items():
                kept, deadline = found[key], self._deadline(limits.get(key), None)
                if kept is None or not self._holds(kept, value, kind, stored):
                    writes.append(Write(key, kind, stored, deadline))
                else:
                    writes += _touched(key, kept, deadline)
            return writes, sum(not write.touches for write in writes)

        return commit.run(self._session, Keys(tuple(wanted)), decide)

    def set_ttl(self, key: str, ttl: float | None) -> bool:
        seconds, stored_key = None if ttl is None else check_ttl(ttl), key_bytes(key)
        if not stored_key:
            return False

        def decide(found: Found, revision: int) -> tuple[Sequence[Write], bool]:
            kept = found[stored_key]
            if kept is None:
                return (), False
            return _touched(stored_key, kept, self._deadline(seconds, None)), True

        return commit.run(self._session, Keys((stored_key,)), decide)

    def delete(self, key: str) -> bool:
        return bool(self.delete_many((key,)))

    def delete_many(self, keys: Iterable[str]) -> int:
        wanted = [stored for stored in map(key_bytes, dict.fromkeys(keys)) if stored]

        def decide(found: Found, revision: int) -> tuple[Sequence[Write], int]:
            writes = [Write(key, "", None) for key in wanted if found[key] is not None]
            return writes, len(writes)

        return commit.run(self._session, Keys(wanted), decide)

    def delete_prefix(self, prefix: str) -> int:
        stored = key_bytes(prefix)
        if stored is None:
            return 0

        def decide(found: Found, revision: int) -> tuple[Sequence[Write], int]:
            return [Write(key, "", None) for key in found], len(found)

        return commit.run(self._session, Prefix(stored), decide)

    def transaction(self) -> AbstractContextManager[None]:
        """See the port. Other programs can read meanwhile, but not write."""
        from sloth_tui.store.etcd.commits.transactions import Transaction

        return Transaction(self._session)

    def increment(self, key: str, by: int | float = 1) -> int | float:
        stored_key = check_key(key).encode()
        if isinstance(by, bool) or not isinstance(by, int | float):
            raise InvalidValue("a number can only be incremented by a number")
        encode(by)

        def decide(found: Found, revision: int) -> tuple[Sequence[Write], int | float]:
            kept = found[stored_key]
            total = added(key, 0 if kept is None else self._value(kept), by)
            if kept is not None and self._holds(kept, total, *kind_and_bytes(total)):
                return (), total
            return (Write(stored_key, *kind_and_bytes(total), self._deadline(None, kept)),), total

        return commit.run(self._session, Keys((stored_key,)), decide)

    def set_if_absent(self, key: str, value: Value, *, ttl: float | None = None) -> bool:
        return self.compare_and_set(key, None, value, ttl=ttl)

    def compare_and_set(self, key: str, old: Value | None, new: Value, *, ttl: float | None = None) -> bool:
        return self._set_if(
            key, new, ttl, lambda kept: same(old, None if kept is None else self._value(kept))
        )

    def compare_and_set_revision(
        self, key: str, revision: int, new: Value, *, ttl: float | None = None
    ) -> bool:
        return self._set_if(
            key, new, ttl, lambda kept: (0 if kept is None else kept.revision or None) == revision
        )

    def _set_if(self, key: str, new: Value, ttl: float | None, holds: Callable[[Kept | None], bool]) -> bool:
        seconds = None if ttl is None else check_ttl(ttl)
        stored_key, (kind, stored) = check_key(key).encode(), kind_and_bytes(new)

        def decide(found: Found, revision: int) -> tuple[Sequence[Write], bool]:
            kept = found[stored_key]
            if not holds(kept):
                return (), False
            deadline = self._deadline(seconds, kept)
            if kept is not None and self._holds(kept, new, kind, stored):
                return _touched(stored_key, kept, deadline), True
            return (Write(stored_key, kind, stored, deadline),), True

        return commit.run(self._session, Keys((stored_key,)), decide)

    def _deadline(self, seconds: float | None, kept: Kept | None) -> int:
        """Return when an entry ends: after so many seconds, or when the entry ``kept`` does, or never (0)."""
        if seconds is not None:
            return self._session.deadline(seconds)
        return 0 if kept is None else kept.deadline

    def _holds(self, kept: Kept, value: Value, kind: str, stored: bytes) -> bool:
        """Return True if an entry has this value already."""
        if kept.kind != kind or (kind != "table" and kept.size != len(stored)):
            return False
        return same(self._value(kept), value)


def _touched(key: bytes, kept: Kept, deadline: int) -> Sequence[Write]:
    """Return the write that changes when an entry ends, if it does."""
    return () if kept.deadline == deadline else (Write(key, "", None, deadline, touches=True),)
