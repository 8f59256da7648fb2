"""The store at an earlier revision.

The value of a key at a revision is the ``old`` of its first row after that revision; a key without such a row
still has the same value.
"""

from __future__ import annotations

from sloth_tui.store.history import words
from sloth_tui.store.sqlite.entries.selection import KeySelection, horizon
from sloth_tui.store.sqlite.sql.chain import following
from sloth_tui.store.sqlite.sql.expressions import HIDDEN
from sloth_tui.store.sqlite.sql.rows import (
    RAW_KEY,
    RAW_VALUE,
    TIME,
    decode_raw,
    raw_value,
    whole_or_none,
)
from sloth_tui.values.codec import decode_key, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from sloth_tui.model import Difference, Entry, Value
    from sloth_tui.store.sqlite.engine.database import Database

_LIVE_SINCE = TIME.format("live.created_at")
# An entry that exists now and was created before its last change is the same one; search only for others.
CREATED = f"""CASE WHEN last.old IS NULL THEN last.at / 1000.0
    WHEN {_LIVE_SINCE} <= last.at / 1000.0 THEN {_LIVE_SINCE} ELSE (
        WITH RECURSIVE back(revision, at, is_first, previous) AS (
            SELECT revision, at, old IS NULL, previous FROM sloth_history WHERE revision = last.previous
            UNION ALL
            SELECT before.revision, before.at, before.old IS NULL, before.previous
                FROM back JOIN sloth_history AS before ON before.revision = back.previous
                WHERE NOT back.is_first AND before.revision < back.revision AND before.key = last.key)
        SELECT at / 1000.0 FROM back WHERE is_first) END"""
_AT = f"""
    WITH since AS MATERIALIZED (
        SELECT key, min(revision) AS revision FROM {{history}} GROUP BY key)
    SELECT {RAW_KEY} AS stored_key, NULL, {RAW_VALUE}, {TIME.format("created_at")},
        {TIME.format("updated_at")}, revision, octet_length(value)
        FROM state WHERE {{entries}} AND key NOT IN (SELECT key FROM since)
    UNION ALL
    SELECT CAST(kept.key AS BLOB), kept.old_type, {raw_value("kept.old", "kept.old_type")},
        {CREATED}, last.at / 1000.0, last.revision, octet_length(kept.old)
        FROM since JOIN sloth_history AS kept ON kept.revision = since.revision
        LEFT JOIN sloth_history AS last ON last.revision = kept.previous
        LEFT JOIN state AS live ON live.key = since.key
        WHERE kept.old IS NOT NULL AND typeof(kept.key) = 'text'
    ORDER BY stored_key"""
_DIFFERENCES = f"""
    WITH between_them AS (
        SELECT key, min(revision) AS revision, max(revision) AS last FROM {{history}}
        WHERE revision <= :high_revision GROUP BY key),
    ends AS (
        SELECT between_them.key AS key, begun.old AS old, begun.old_type AS old_type,
            iif(later.revision IS NULL, live.value, later.old) AS new,
            iif(later.revision IS NULL, live.type, later.old_type) AS new_type
        FROM between_them JOIN sloth_history AS begun ON begun.revision = between_them.revision
        LEFT JOIN sloth_history AS later
            ON later.revision = {following("between_them.key", "between_them.last")}
        LEFT JOIN state AS live ON live.key = between_them.key)
    SELECT {RAW_KEY} AS stored_key, old IS NULL, old_type, {raw_value("old", "old_type")},
        new IS NULL, new_type, {raw_value("new", "new_type")}
        FROM ends WHERE NOT (old IS new AND old_type IS new_type AND old_type IS NOT '{HIDDEN}')
        ORDER BY stored_key"""
_NEWEST = "SELECT coalesce(max(revision), 0) FROM sloth_history"
_AT_TIME = "SELECT revision FROM sloth_history WHERE at <= ? ORDER BY revision DESC LIMIT 1"
_OLDEST_OF_KEY = f"SELECT old IS NULL FROM {KeySelection(key='').history()} ORDER BY revision LIMIT 1"


class Past:
    """See :class:`sloth_tui.store.port.Past`."""

    __slots__ = ("_database",)

    def __init__(self, database: Database) -> None:
        self._database = database

    def complete_since(self, prefix: str = "") -> int:
        return horizon(self._database, KeySelection(prefix))

    def revision_at(self, at: float) -> int:
        revision: int | None = self._database.one(_AT_TIME, (int(at * 1000),))
        if revision is None and self.complete_since():
            raise words.time_not_kept(self.complete_since())
        return revision or 0

    def entries_at(self, revision: int, prefix: str = "") -> Iterator[Entry]:
        selection = KeySelection(prefix)
        self.require_kept(revision, selection)
        statement = _AT.format(history=selection.history(":revision"), entries=selection.entries)
        return iter(self._database.made_of(_entry, statement, {"revision": revision, **selection.bindings}))

    def entry_at(self, key: str, revision: int) -> Entry:
        selection = KeySelection(key=key)
        self.require_kept_of(key, revision, selection)
        statement = _AT.format(history=selection.history(":revision"), entries=selection.entries)
        found = self._database.made_of(_entry, statement, {"revision": revision, **selection.bindings})
        if not found:
            raise words.no_key_then(key, revision)
        entry = found[0]
        if entry.type == HIDDEN:
            raise words.secret_then(key, revision)
        return entry

    def differences(self, one: int, other: int, prefix: str = "") -> Iterator[Difference]:
        selection = KeySelection(prefix)
        low, high = sorted((one, other))
        self.require_kept(low, selection)
        self._require_known(high)
        bindings = {"low_revision": low, "high_revision": high, **selection.bindings}
        statement = _DIFFERENCES.format(history=selection.history(":low_revision"))
        make = _difference_backwards if one > other else _difference
        return iter(self._database.made_of(make, statement, bindings))

    def require_kept(self, revision: int, selection: KeySelection) -> None:
        """Check that the history of these keys is kept from ``revision`` on. Raises RevisionNotFound,
        HistoryPruned."""
        self._require_known(revision)
        oldest = horizon(self._database, selection)
        if revision < oldest:
            raise words.state_not_kept(revision, oldest)

    def require_kept_of(self, key: str, revision: int, selection: KeySelection) -> None:
        """Check the same for ``key``, the only key of the selection."""
        self._require_known(revision)
        if revision < horizon(self._database, selection) and not self._is_kept(revision, selection):
            raise words.entry_not_kept(key, revision, self.complete_since())

    def _require_known(self, revision: int) -> None:
        newest = self._database.number(_NEWEST)
        if revision > newest:
            raise words.no_revision_yet(revision, newest)

    def _is_kept(self, revision: int, selection: KeySelection) -> bool:
        """Return True if the key's value is known, although rows of other keys, with no row left, are
        forgotten."""
        forgotten = f"SELECT coalesce(max(revision), 0) FROM sloth_forgotten WHERE {selection.where}"
        if revision < self._database.number(forgotten, selection.bindings):
            return False
        existed: int | None = self._database.one(_OLDEST_OF_KEY, selection.bindings)
        return existed == 0 or self._has_row(selection, revision)

    def _has_row(self, selection: KeySelection, revision: int) -> bool:
        found = self._database.one(
            f"SELECT 1 FROM {selection.history()} WHERE revision <= :revision LIMIT 1",
            {"revision": revision, **selection.bindings},
        )
        return found is not None


def _entry(row: tuple[Any, ...]) -> Entry:
    from sloth_tui.model import Entry

    key, kind, read_as, stored, created, updated, revision, size = row
    if kind == HIDDEN:
        return Entry(decode_key(key), "", HIDDEN, created, updated, whole_or_none(revision), 0)
    value = decode_raw(read_as, stored)
    return Entry(decode_key(key), value, type_name(value), created, updated, whole_or_none(revision), size)


def _difference(row: tuple[Any, ...]) -> Difference:
    from sloth_tui.model import Difference

    key, *ends = row
    old, new = value_of(*ends[:4]), value_of(*ends[4:])
    secret = HIDDEN in (ends[1], ends[5])
    return Difference(decode_key(key), old, new, secret)


def _difference_backwards(row: tuple[Any, ...]) -> Difference:
    one = _difference(row)
    return one._replace(old=one.new, new=one.old)


def value_of(absent: int, kind: str | None, read_as: str, stored: bytes) -> Value | None:
    """Return the value; None if it is absent, empty text if it is a secret."""
    if absent:
        return None
    return "" if kind == HIDDEN else decode_raw(read_as, stored)
