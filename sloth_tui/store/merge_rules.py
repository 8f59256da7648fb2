"""What all backends say and check when entries of a source are merged into a store."""

from __future__ import annotations

from itertools import islice
from time import time

from sloth_tui.errors import Conflict, InvalidKey
from sloth_tui.store.ttl_rules import MAX_TTL_SECONDS
from sloth_tui.values.codec import MAX_KEY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sloth_tui.store.parts import Batch
    from sloth_tui.store.port import Store

_NAMED = 5
_SOON_SECONDS = 0.001
"""What is left of a time to live that ended while the source was read."""


def differs(keys: Iterable[str], count: int) -> Conflict:
    """Return the error for entries that are there with another value."""
    named = ", ".join(f"'{key}'" for key in islice(keys, _NAMED))
    more = f" and {count - _NAMED:,} more" if count > _NAMED else ""
    noun = "key has another value" if count == 1 else "keys have other values"
    return Conflict(
        f"{count:,} {noun} here: {named}{more}",
        hint="nothing was changed; --on-conflict overwrite takes those of the file, keep those that are here",
    )


class Lives:
    """The times to live of a source, gathered while it is read, and given to its entries afterwards."""

    __slots__ = ("_expires", "_keep", "_store")

    def __init__(self, store: Store, rule: str) -> None:
        self._store = store
        self._keep = rule == "keep"
        self._expires: dict[str, float] = {}

    def gather(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        for batch in batches:
            for key, at in batch.expires.items():
                if not self._keep or not self._store.exists(key):
                    self._expires[key] = at
            yield batch

    def give(self) -> None:
        """Call it inside the transaction that has written the entries."""
        now = time()
        for key, at in self._expires.items():
            self._store.set_ttl(key, min(max(at - now, _SOON_SECONDS), MAX_TTL_SECONDS))


def require_keys(batch: Batch) -> None:
    """Raise InvalidKey for a key that is no text, which few stores can hold, if it is not sound in itself."""
    for key, *_ in batch.rows:
        if not isinstance(key, str) and (not key or len(key) > MAX_KEY or b"\0" in key):
            raise InvalidKey(f"key '{key[:64].decode('utf-8', 'replace')}' is empty, too long or has NUL")
