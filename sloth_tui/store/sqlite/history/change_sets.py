"""Change sets: what one command, run or edit changed, or one burst of writes by another program.

Our change sets have rows in ``sloth_changes``; a run has one row for every task that wrote, and they form one
change set. Other programs leave only rows of the history without a change set: consecutive rows, each at most
a second after the one before, count as one change set.
"""

from __future__ import annotations

from sloth_tui.origin import is_expiry
from sloth_tui.store.history import change_ids, words
from sloth_tui.store.sqlite.entries.selection import KeySelection
from sloth_tui.store.sqlite.sql.rows import moment, origin_of, whole
from sloth_tui.values.codec import MAX_INTEGER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from sloth_tui.model import ChangeSet
    from sloth_tui.store.sqlite.engine.database import Database

_ONE_GO_MS = 1000
_ORIGIN = "origin.user, origin.host, origin.pid, origin.program, origin.title, origin.run, origin.task"
_FIRST_PAGE, _GROWTH = 64, 4

_PAGE = f"""
    WITH sets AS (
        SELECT coalesce(run, id) AS name, min(id) AS id, min(first_revision) AS first,
            sum(forgotten) AS forgotten
        FROM sloth_changes GROUP BY name HAVING min(id) < :before ORDER BY min(id) DESC LIMIT :size),
    sizes AS (
        SELECT coalesce(run, id) AS name, min(past.revision) AS first, max(past.revision) AS last,
            count(*) AS revisions, count(*) FILTER (WHERE {{selection}}) AS matching
        FROM sloth_history AS past JOIN sloth_changes ON sloth_changes.id = past.change
        WHERE past.revision >= (SELECT min(first) FROM sets) GROUP BY name)
    SELECT sets.id, origin.at, sets.first, sets.forgotten, sizes.first, sizes.last, sizes.revisions,
        sizes.matching, {_ORIGIN.replace("origin.task", "NULL")}
    FROM sets JOIN sloth_changes AS origin ON origin.id = sets.id LEFT JOIN sizes ON sizes.name = sets.name
    ORDER BY sets.id DESC"""
_OTHERS = f"""
    WITH alien AS (
        SELECT past.revision, past.at, past.key, before.revision IS NULL OR before.change IS NOT NULL
            OR abs(past.at - before.at) > {_ONE_GO_MS} AS begins
        FROM sloth_history AS past LEFT JOIN sloth_history AS before ON before.revision = past.revision - 1
        WHERE past.change IS NULL AND past.revision >= :first),
    sets AS (SELECT *, sum(begins) OVER (ORDER BY revision) AS number FROM alien)
    SELECT min(revision), max(revision), count(*), min(at), count(*) FILTER (WHERE {{selection}})
    FROM sets WHERE number > 0 GROUP BY number HAVING min(revision) < :before ORDER BY number DESC"""
_END_OF_OTHERS = f"""SELECT min(past.revision) - 1
    FROM sloth_history AS past LEFT JOIN sloth_history AS before ON before.revision = past.revision - 1
    WHERE past.revision > :first AND (past.change IS NOT NULL OR before.revision IS NULL
        OR abs(past.at - before.at) > {_ONE_GO_MS})"""
_OTHERS_ROW = "SELECT at FROM sloth_history WHERE revision = ? AND change IS NULL"
_COUNT = "SELECT count(*) FROM sloth_history WHERE revision BETWEEN ? AND ?"
_NEWEST = "SELECT coalesce(max(revision), 0) FROM sloth_history"
_FIND = (
    "SELECT min(id) FROM sloth_changes WHERE id = :id OR run = (SELECT run FROM sloth_changes WHERE id = :id)"
)
_FIND_RUN = "SELECT min(id) FROM sloth_changes WHERE run = ?"
_LAST_ID = "SELECT coalesce(max(id), 0) FROM sloth_changes"
_NO_ID_IS_GREATER = MAX_INTEGER


class ChangeSets:
    """See :class:`sloth_tui.store.port.Undoing`."""

    __slots__ = ("_database",)

    def __init__(self, database: Database) -> None:
        self._database = database

    def change_sets(self, *, prefix: str = "") -> Iterator[ChangeSet]:
        """See the port. Read in growing pages, because each page counts everything newer again."""
        selection, size = KeySelection(prefix), _FIRST_PAGE
        before_id = before_revision = _NO_ID_IS_GREATER
        while True:
            rows = _rows(self._database, before_id, size, selection)
            first = rows[-1][2] if len(rows) == size else 0
            found = self._database.convert(_ours, (row for row in rows if row[6] and row[7]))
            bindings = {"first": first, "before": before_revision, **selection.bindings}
            others = self._database.rows(_OTHERS.format(selection=selection.where), bindings)
            found += self._database.convert(_others, (row[:4] for row in others if row[4]))
            yield from sorted(found, key=lambda one: one.first_revision, reverse=True)
            if len(rows) < size:
                return
            before_id, before_revision, size = rows[-1][0], first, size * _GROWTH

    def change_set(self, name: str) -> ChangeSet:
        database = self._database
        first, number = change_ids.first_revision_of(name), change_ids.number_of(name)
        if first is not None:
            return self._of_others(name, first)
        if number is not None:
            # The id of a run is hexadecimal, and some ids have no letter.
            found = database.one(_FIND, {"id": number}) or database.one(_FIND_RUN, (name,))
        else:
            found = database.one(_FIND_RUN, (name,))
        if found is None:
            if number is not None and 0 < number <= database.number(_LAST_ID):
                raise words.change_set_not_kept(name)
            raise words.no_change_set(name)
        (row,) = _rows(database, found + 1, 1, KeySelection())
        if not row[6]:
            raise words.empty_change_set(name, forgotten=bool(row[3]))
        (change_set,) = database.convert(_ours, [row])
        return change_set

    def newest_change_set(self) -> ChangeSet:
        """See the port."""
        for found in self.change_sets():
            if not is_expiry(found.origin):
                return found
        raise words.nothing_changed()

    def _of_others(self, name: str, first: int) -> ChangeSet:
        database = self._database
        found = database.rows(_OTHERS_ROW, (first,))
        if not found:
            raise words.no_change_set(name)
        last = database.one(_END_OF_OTHERS, {"first": first}) or database.number(_NEWEST)
        kept = database.number(_COUNT, (first, last))
        (change_set,) = database.convert(_others, [(first, last, kept, *found[0])])
        return change_set


def _rows(database: Database, before: int, size: int, selection: KeySelection) -> list[tuple[Any, ...]]:
    bindings = {"before": before, "size": size, **selection.bindings}
    return database.rows(_PAGE.format(selection=selection.where), bindings)


def _ours(row: tuple[Any, ...]) -> ChangeSet:
    from sloth_tui.model import ChangeSet

    number, at, _, forgotten, first, last, revisions, _, *who = row
    return ChangeSet(
        str(number), moment(at), origin_of(who), whole(first), whole(last), revisions, whole(forgotten)
    )


def _others(row: tuple[Any, ...]) -> ChangeSet:
    from sloth_tui.model import ChangeSet

    first, last, revisions, at = row
    return ChangeSet(change_ids.of_others(first), moment(at), None, whole(first), whole(last), revisions, 0)
