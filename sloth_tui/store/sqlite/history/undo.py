"""Taking back what was done, as a change set of its own."""

from __future__ import annotations

from sloth_tui.errors import Conflict, NotKept
from sloth_tui.store.sqlite.entries.selection import Scope
from sloth_tui.store.sqlite.history.change_sets import ChangeSets
from sloth_tui.store.sqlite.history.past import Past, value_of
from sloth_tui.store.sqlite.history.restore_plan import (
    CHANGED,
    FORGOTTEN,
    UNKEPT,
    Plan,
    rolling_back,
    undoing,
)
from sloth_tui.store.sqlite.sql.rows import decode_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from sloth_tui.model import ChangeSet, Step

_NAMED = 5
_WORDS = {CHANGED: "changed", UNKEPT: "secret", FORGOTTEN: "forgotten"}


class Undoing(ChangeSets, Past):
    """See :class:`sloth_tui.store.port.Undoing`."""

    __slots__ = ()

    def undo_steps(self, change: ChangeSet) -> Iterator[Step]:
        return iter(self._database.convert(_step, undoing(change).steps(self._database)))

    def undo(self, change: ChangeSet, *, force: bool = False) -> int:
        database = self._database
        with database.writing:
            now = self.change_set(change.id)
            if now.forgotten and not force:
                raise NotKept(
                    f"change set {now.id}: {now.forgotten:,} of its revisions are no longer kept",
                    hint="nothing was changed; --force takes back what is kept",
                )
            return self._carry_out(undoing(now), force=force)

    def rollback_steps(self, revision: int, *, prefix: str = "", key: str | None = None) -> Iterator[Step]:
        return iter(self._database.convert(_step, self._plan(revision, prefix, key).steps(self._database)))

    def rollback(
        self, revision: int, *, prefix: str = "", key: str | None = None, force: bool = False
    ) -> int:
        with self._database.writing:
            return self._carry_out(self._plan(revision, prefix, key), force=force)

    def _plan(self, revision: int, prefix: str, key: str | None) -> Plan:
        scope = Scope(prefix, key)
        if key is None:
            self.require_kept(revision, scope)
        else:
            self.require_kept_of(key, revision, scope)
        return rolling_back(revision, scope)

    def _carry_out(self, plan: Plan, *, force: bool) -> int:
        plan.make(self._database)
        if not force:
            self._refuse(plan, (CHANGED,), "changed since", "--force takes them back all the same")
            hint = "--force leaves them as they are"
            self._refuse(plan, (UNKEPT, FORGOTTEN), "no old value is kept of", hint)
        return plan.carry_out(self._database)

    def _refuse(self, plan: Plan, obstacles: tuple[int, ...], what: str, hint: str) -> None:
        blocked = self._database.convert(decode_key, plan.blocked(self._database, obstacles))
        if blocked:
            named = ", ".join(blocked[:_NAMED])
            more = f" and {len(blocked) - _NAMED:,} more" if len(blocked) > _NAMED else ""
            raise Conflict(f"{what}: {named}{more}", hint=f"nothing was changed; {hint}")


def _step(row: tuple[Any, ...]) -> Step:
    from sloth_tui.model import Step

    key, *ends, obstacle = row
    return Step(decode_key(key), value_of(*ends[:4]), value_of(*ends[4:]), _WORDS.get(obstacle))
