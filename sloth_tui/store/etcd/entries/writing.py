"""Writing entries."""

from __future__ import annotations

from sloth_tui.errors import InvalidValue
from sloth_tui.store.etcd.commits import commit
from sloth_tui.store.etcd.commits.wanted import Keys, Prefix
from sloth_tui.store.etcd.data.batch import Write
from sloth_tui.store.etcd.data.records import kind_and_bytes
from sloth_tui.store.etcd.entries.reading import EntryReading
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

    def set(self, key: str, value: Value) -> int:
        stored_key, (kind, stored) = check_key(key).encode(), kind_and_bytes(value)

        def decide(found: Found, revision: int) -> tuple[Sequence[Write], int]:
            kept = found[stored_key]
            if kept is not None and self._holds(kept, value, kind, stored):
                return (), kept.revision
            return (Write(stored_key, kind, stored),), revision

        return commit.run(self._session, Keys((stored_key,)), decide)

    def set_many(self, values: Mapping[str, Value]) -> int:
        wanted = {check_key(key).encode(): (value, *kind_and_bytes(value)) for key, value in values.items()}
        if not wanted:
            return 0

        def decide(found: Found, revision: int) -> tuple[Sequence[Write], int]:
            writes = [
                Write(key, kind, stored)
                for key, (value, kind, stored) in wanted.items()
                if (kept := found[key]) is None or not self._holds(kept, value, kind, stored)
            ]
            return writes, len(writes)

        return commit.run(self._session, Keys(tuple(wanted)), decide)

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
            return (Write(stored_key, *kind_and_bytes(total)),), total

        return commit.run(self._session, Keys((stored_key,)), decide)

    def set_if_absent(self, key: str, value: Value) -> bool:
        return self.compare_and_set(key, None, value)

    def compare_and_set(self, key: str, old: Value | None, new: Value) -> bool:
        return self._set_if(key, new, lambda kept: same(old, None if kept is None else self._value(kept)))

    def compare_and_set_revision(self, key: str, revision: int, new: Value) -> bool:
        return self._set_if(key, new, lambda kept: (0 if kept is None else kept.revision or None) == revision)

    def _set_if(self, key: str, new: Value, holds: Callable[[Kept | None], bool]) -> bool:
        stored_key, (kind, stored) = check_key(key).encode(), kind_and_bytes(new)

        def decide(found: Found, revision: int) -> tuple[Sequence[Write], bool]:
            kept = found[stored_key]
            if not holds(kept):
                return (), False
            if kept is not None and self._holds(kept, new, kind, stored):
                return (), True
            return (Write(stored_key, kind, stored),), True

        return commit.run(self._session, Keys((stored_key,)), decide)

    def _holds(self, kept: Kept, value: Value, kind: str, stored: bytes) -> bool:
        """Return True if an entry has this value already."""
        if kept.kind != kind or (kind != "table" and kept.size != len(stored)):
            return False
        return same(self._value(kept), value)
