"""Undo and rollback: the obstacles, and the order in which they are checked."""

from __future__ import annotations

from sloth_tui.store.history import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from sloth_tui.model import ChangeSet

    class RestorePlan(Protocol):
        """The values to restore, computed and written inside one transaction."""

        def make(self) -> None:
            """Compute the steps."""

        def blocked(self, obstacles: tuple[int, ...]) -> list[str]:
            """Return the keys that have one of these obstacles, in key order."""

        def carry_out(self) -> int:
            """Take all possible steps; return the number of keys that changed."""


CHANGED, UNKEPT, FORGOTTEN = 1, 2, 3
"""Obstacles: another change set changed the key since; its earlier value is a secret, or is forgotten."""
OBSTACLES = {CHANGED: "changed", UNKEPT: "secret", FORGOTTEN: "forgotten"}
"""Obstacle -> its name in :class:`sloth_tui.model.Step`."""


def require_whole(change_set: ChangeSet, *, force: bool) -> None:
    """Raise HistoryPruned if part of the change set is forgotten, unless ``force`` restores the rest."""
    if change_set.forgotten and not force:
        raise words.change_set_partly_kept(change_set.id, change_set.forgotten)


def carry_out(plan: RestorePlan, *, force: bool) -> int:
    """Carry out a plan inside a transaction; return the number of keys that changed. Raises Conflict, with
    the keys, if there is an obstacle; ``force`` overwrites later changes and leaves keys alone whose earlier
    value is not kept."""
    plan.make()
    if not force:
        changed = plan.blocked((CHANGED,))
        if changed:
            raise words.changed_since(changed)
        lost = plan.blocked((UNKEPT, FORGOTTEN))
        if lost:
            raise words.no_old_value(lost)
    return plan.carry_out()
