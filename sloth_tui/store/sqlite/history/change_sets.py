"""Change sets: what one command, run or edit of ours changed, and what others changed in one go.

Ours have rows in ``sloth_changes``, a run one for every task that wrote; they belong together. Of others
there are only rows of the history without a change: those that follow one another, none more than a
second after the one before, count as one set.
"""

from __future__ import annotations

from sloth_tui.errors import NotKept, RevisionNotFound
from sloth_tui.store.sqlite.engine.handle import StoreHandle
from sloth_tui.store.sqlite.entries.selection import Scope
from sloth_tui.store.sqlite.sql.rows import moment, origin_of, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from sloth_tui.model import ChangeSet
    from sloth_tui.store.sqlite.engine.database import Database

_AT_ONCE_MS = 1000
_ORIGIN = "origin.user, origin.host, origin.pid, origin.program, origin.title, origin.run, origin.task"
_FIRST_PAGE, _GROWTH = 64, 4

_PAGE = f"""
    WITH sets AS (
        SELECT coalesce(run, id) AS name, min(id) AS id, min(first_revision) AS first,
            sum(forgotten) AS forgotten
        FROM sloth_changes GROUP BY name HAVING min(id) < :before ORDER BY min(id) DESC LIMIT :size),
    sizes AS (
        SELECT coalesce(run, id) AS name, min(past.revision) AS first, max(past.revision) AS last,
            count(*) AS revisions, count(*) FILTER (WHERE {{scope}}) AS matching
        FROM sloth_history AS past JOIN sloth_changes ON sloth_changes.id = past.change
        WHERE past.revision >= (SELECT min(first) FROM sets) GROUP BY name)
    SELECT sets.id, origin.at, sets.first, sets.forgotten, sizes.first, sizes.last, sizes.revisions,
        sizes.matching, {_ORIGIN.replace("origin.task", "NULL")}
    FROM sets JOIN sloth_changes AS origin ON origin.id = sets.id LEFT JOIN sizes ON sizes.name = sets.name
    ORDER BY sets.id DESC"""
_OTHERS = f"""
    WITH alien AS (
        SELECT past.revision, past.at, past.key, before.revision IS NULL OR before.change IS NOT NULL
            OR abs(past.at - before.at) > {_AT_ONCE_MS} AS begins
        FROM sloth_history AS past LEFT JOIN sloth_history AS before ON before.revision = past.revision - 1
        WHERE past.change IS NULL AND past.revision >= :first),
    sets AS (SELECT *, sum(begins) OVER (ORDER BY revision) AS number FROM alien)
    SELECT min(revision), max(revision), count(*), min(at), count(*) FILTER (WHERE {{scope}})
    FROM sets WHERE number > 0 GROUP BY number HAVING min(revision) < :before ORDER BY number DESC"""
_END_OF_OTHERS = f"""SELECT min(past.revision) - 1
    FROM sloth_history AS past LEFT JOIN sloth_history AS before ON before.revision = past.revision - 1
    WHERE past.revision > :first AND (past.change IS NOT NULL OR before.revision IS NULL
        OR abs(past.at - before.at) > {_AT_ONCE_MS})"""
_OTHERS_ROW = "SELECT at FROM sloth_history WHERE revision = ? AND change IS NULL"
_COUNT = "SELECT count(*) FROM sloth_history WHERE revision BETWEEN ? AND ?"
_NEWEST = "SELECT coalesce(max(revision), 0) FROM sloth_history"
_FIND = (
    "SELECT min(id) FROM sloth_changes WHERE id = :id OR run = (SELECT run FROM sloth_changes WHERE id = :id)"
)
_FIND_RUN = "SELECT min(id) FROM sloth_changes WHERE run = ?"
_LAST_ID = "SELECT coalesce(max(id), 0) FROM sloth_changes"
_NO_ID_IS_GREATER = 2**63 - 1


class ChangeSets(StoreHandle):
    """See :class:`sloth_tui.store.port.Undoing`."""

    __slots__ = ()

    def change_sets(self, *, prefix: str = "") -> Iterator[ChangeSet]:
        """See the port. Read in pages that grow, because each one counts in all that is newer."""
        scope, size = Scope(prefix), _FIRST_PAGE
        before_id = before_revision = _NO_ID_IS_GREATER
        while True:
            rows = _rows(self._database, before_id, size, scope)
            first = rows[-1][2] if len(rows) == size else 0
            found = self._database.convert(_ours, (row for row in rows if row[6] and row[7]))
            bindings = {"first": first, "before": before_revision, **scope.bindings}
            others = self._database.rows(_OTHERS.format(scope=scope.where), bindings)
            found += self._database.convert(_others, (row[:4] for row in others if row[4]))
            yield from sorted(found, key=lambda one: one.first_revision, reverse=True)
            if len(rows) < size:
                return
            before_id, before_revision, size = rows[-1][0], first, size * _GROWTH

    def change_set(self, name: str) -> ChangeSet:
        database = self._database
        if name[:1] == "x" and name[1:].isdecimal():
            return self._of_others(name)
        if name.isdecimal():
            number = int(name[:18])
            # The id of a run is hexadecimal, and some have no letter.
            found = database.one(_FIND, {"id": number}) or database.one(_FIND_RUN, (name,))
        else:
            number, found = _NO_ID_IS_GREATER, database.one(_FIND_RUN, (name,))
        if found is None:
            if 0 < number <= database.number(_LAST_ID):
                raise NotKept(f"change set {name} is no longer kept")
            raise RevisionNotFound(f"no change set '{name}'", hint="state log lists them")
        (row,) = _rows(database, found + 1, 1, Scope())
        if not row[6]:
            kept = "nothing of it is kept any more" if row[3] else "it changed no key"
            raise NotKept(f"change set {name}: {kept}")
        (change,) = database.convert(_ours, [row])
        return change

    def newest_change_set(self) -> ChangeSet:
        """The last one. Raises RevisionNotFound where there is none."""
        for found in self.change_sets():
            return found
        raise RevisionNotFound("nothing was ever changed")

    def _of_others(self, name: str) -> ChangeSet:
        first = int(name[1:19])
        database = self._database
        found = database.rows(_OTHERS_ROW, (first,))
        if not found:
            raise RevisionNotFound(f"no change set '{name}'", hint="state log lists them")
        last = database.one(_END_OF_OTHERS, {"first": first}) or database.number(_NEWEST)
        (change,) = database.convert(
            _others, [(first, last, database.number(_COUNT, (first, last)), *found[0])]
        )
        return change


def _rows(database: Database, before: int, size: int, scope: Scope) -> list[tuple[Any, ...]]:
    bindings = {"before": before, "size": size, **scope.bindings}
    return database.rows(_PAGE.format(scope=scope.where), bindings)


def _ours(row: tuple[Any, ...]) -> ChangeSet:
    from sloth_tui.model import ChangeSet

    number, at, _, forgotten, first, last, revisions, _, *who = row
    return ChangeSet(
        str(number), moment(at), origin_of(who), whole(first), whole(last), revisions, whole(forgotten)
    )


def _others(row: tuple[Any, ...]) -> ChangeSet:
    from sloth_tui.model import ChangeSet

    first, last, revisions, at = row
    return ChangeSet(f"x{first}", moment(at), None, whole(first), whole(last), revisions, 0)
