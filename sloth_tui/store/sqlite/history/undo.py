"""Undo and rollback, each recorded as a change set of its own."""

from __future__ import annotations

from sloth_tui.store.history.undoing import OBSTACLES, carry_out, require_whole
from sloth_tui.store.sqlite.entries.selection import KeySelection
from sloth_tui.store.sqlite.history.change_sets import ChangeSets
from sloth_tui.store.sqlite.history.past import Past, value_of
from sloth_tui.store.sqlite.history.restore_plan import RestorePlan, plan_rollback, plan_undo
from sloth_tui.values.codec import decode_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from sloth_tui.model import ChangeSet, Step
    from sloth_tui.store.sqlite.engine.database import Database


class Undo:
    """See :class:`sloth_tui.store.port.Undoing`."""

    __slots__ = ("_change_sets", "_database", "_past")

    def __init__(self, database: Database) -> None:
        self._database = database
        self._change_sets = ChangeSets(database)
        self._past = Past(database)

    def undo_steps(self, change_set: ChangeSet) -> Iterator[Step]:
        return iter(self._database.convert(_step, plan_undo(self._database, change_set).steps()))

    def undo(self, change_set: ChangeSet, *, force: bool = False) -> int:
        database = self._database
        with database.transaction(fenced=True):
            now = self._change_sets.change_set(change_set.id)
            require_whole(now, force=force)
            return carry_out(plan_undo(database, now), force=force)

    def rollback_steps(self, revision: int, *, prefix: str = "", key: str | None = None) -> Iterator[Step]:
        return iter(self._database.convert(_step, self._plan(revision, prefix, key).steps()))

    def rollback(
        self, revision: int, *, prefix: str = "", key: str | None = None, force: bool = False
    ) -> int:
        with self._database.transaction(fenced=True):
            return carry_out(self._plan(revision, prefix, key), force=force)

    def _plan(self, revision: int, prefix: str, key: str | None) -> RestorePlan:
        selection = KeySelection(prefix, key)
        if key is None:
            self._past.require_kept(revision, selection)
        else:
            self._past.require_kept_of(key, revision, selection)
        return plan_rollback(self._database, revision, selection)


def _step(row: tuple[Any, ...]) -> Step:
    from sloth_tui.model import Step

    key, *ends, obstacle = row
    return Step(decode_key(key), value_of(*ends[:4]), value_of(*ends[4:]), OBSTACLES.get(obstacle))
