"""Entries as a format finds them, and how they become batches for a store."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import SlothError
from sloth_tui.exchange.faults import fault, occurs_twice
from sloth_tui.store.parts import Batch
from sloth_tui.values.codec import check_key, encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sloth_tui.exchange.source import Source
    from sloth_tui.model import Value

_ROWS = 4096
_BYTES = 8 * 1024 * 1024
"""Entries of a batch, and bytes of their values, at most."""


class Found(NamedTuple):
    """An entry of a file."""

    key: str | bytes
    """Bytes for a key that is not UTF-8, which only the own format has."""
    value: Value | None
    line: int | None
    """Where it begins; None in a format that says so by itself."""
    secret: bool = False
    expires_at: float | None = None
    """Unix seconds after which the entry is gone."""


class Notes:
    """What the user should know of a file, gathered while it is read."""

    def __init__(self) -> None:
        self.expired = 0
        """Entries that were left out because their time was up."""
        self.passed_over = 0
        """Entries that were left out because their keys do not begin with the prefix."""
        self.secrets = 0
        self._counts: dict[str, int] = {}

    def count(self, words: str, many: int = 1) -> None:
        """Count a peculiarity; ``words`` follow the number of entries, like ``had a lease``."""
        if many:
            self._counts[words] = self._counts.get(words, 0) + many

    def warnings(self) -> list[str]:
        return [
            f"{number:,} {'entry' if number == 1 else 'entries'} {words}"
            for words, number in self._counts.items()
        ]


class Batches:
    """Puts the entries of a file into batches: checked, each key once, those of a prefix, none expired."""

    def __init__(self, source: Source, notes: Notes, prefix: str) -> None:
        self._source = source
        self._notes = notes
        self._prefix = prefix
        self._number = 0

    def of(self, entries: Iterable[Found]) -> Iterator[Batch]:
        now = time.time()
        seen: dict[str | bytes, int] = {}
        batch, size = self._new(), 0
        for found in entries:
            row = self._row(found, seen, now)
            if row is None:
                continue
            batch.rows.append(row)
            if found.secret:
                batch.secrets.append(found.key)
                self._notes.secrets += 1
            if found.expires_at is not None and isinstance(found.key, str):
                batch.expires[found.key] = found.expires_at
            size += len(row[1])
            if len(batch.rows) >= _ROWS or size >= _BYTES:
                yield batch._replace(done=self._source.position())
                batch, size = self._new(), 0
        yield batch._replace(done=self._source.size)

    @staticmethod
    def _new() -> Batch:
        return Batch([], [], {}, 0)

    def _row(
        self, found: Found, seen: dict[str | bytes, int], now: float
    ) -> tuple[str | bytes, str | bytes, str | None, int] | None:
        key, line, name = found.key, found.line, self._source.name
        if key in seen:
            shown = key if isinstance(key, str) else key.decode("utf-8", "replace")
            if line is None:
                raise fault(name, f"key '{shown[:64]}' occurs twice")
            raise occurs_twice(name, shown, seen[key], line)
        seen[key] = line or 0
        try:
            if isinstance(key, str):
                check_key(key)
            kind, stored = encode(found.value)  # type: ignore[arg-type]  # None is what it refuses
        except SlothError as error:
            where = f"key '{key[:64]!r}': " if isinstance(key, bytes) else f"key '{key[:64]}': "
            shown = error.message if error.message.startswith(("key ", "a key")) else where + error.message
            raise fault(name, shown, line, hint=error.hint) from error
        if self._prefix and not _begins(key, self._prefix):
            self._notes.passed_over += 1
            return None
        if found.expires_at is not None and found.expires_at <= now:
            self._notes.expired += 1
            return None
        self._number += 1
        return key, stored, kind, self._number


def _begins(key: str | bytes, prefix: str) -> bool:
    return key.startswith(prefix) if isinstance(key, str) else key.startswith(prefix.encode())
