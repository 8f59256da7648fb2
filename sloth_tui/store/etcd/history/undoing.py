"""Undo and rollback, each recorded as a change set of its own.

A plan is read at one moment. It is carried out by a commit, which may find that others wrote since: then the
plan takes in what they wrote, so that it is always of the very moment of the commit.
"""

from __future__ import annotations

from functools import partial

from sloth_tui.store.etcd.client.failures import COMPACTED, Failed
from sloth_tui.store.etcd.commits import commit
from sloth_tui.store.etcd.commits.wanted import Keys
from sloth_tui.store.etcd.data.batch import Write
from sloth_tui.store.etcd.history.change_sets import named
from sloth_tui.store.etcd.history.past import require_kept, require_kept_of
from sloth_tui.store.etcd.history.plans import Plan, RollbackPlan, Stale, Step, UndoPlan
from sloth_tui.store.etcd.upkeep.moment import Selection, at_one_moment, form_of
from sloth_tui.store.history.undoing import FORGOTTEN, OBSTACLES, UNKEPT, carry_out, require_whole
from sloth_tui.values.codec import decode_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sloth_tui.model import ChangeSet
    from sloth_tui.model import Step as ShownStep
    from sloth_tui.store.etcd.data.batch import Found
    from sloth_tui.store.etcd.session import Session
    from sloth_tui.store.etcd.upkeep.moment import Moment


class Undo:
    """See :class:`sloth_tui.store.port.Undoing`."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def undo_steps(self, change_set: ChangeSet) -> Iterator[ShownStep]:
        return self._shown(lambda moment: UndoPlan(moment, change_set))

    def undo(self, change_set: ChangeSet, *, force: bool = False) -> int:
        def read(moment: Moment) -> Plan:
            now = named(moment, change_set.id)
            require_whole(now, force=force)
            return UndoPlan(moment, now)

        return self._carry_out(read, force=force)

    def rollback_steps(
        self, revision: int, *, prefix: str = "", key: str | None = None
    ) -> Iterator[ShownStep]:
        return self._shown(lambda moment: _rollback(moment, revision, prefix, key))

    def rollback(
        self, revision: int, *, prefix: str = "", key: str | None = None, force: bool = False
    ) -> int:
        return self._carry_out(lambda moment: _rollback(moment, revision, prefix, key), force=force)

    def _shown(self, read: Callable[[Moment], Plan]) -> Iterator[ShownStep]:
        from sloth_tui.model import Step as ShownStep

        def look(moment: Moment) -> list[ShownStep]:
            return [
                ShownStep(
                    decode_key(step.key),
                    moment.value(step.live),
                    moment.value(step.before),
                    OBSTACLES.get(step.obstacle),
                )
                for step in sorted(read(moment).steps(), key=lambda step: step.key)
            ]

        return iter(at_one_moment(self._session, look))

    def _carry_out(self, read: Callable[[Moment], Plan], *, force: bool) -> int:
        session = self._session
        session.require_writable()
        while True:
            plan = at_one_moment(session, read)
            # Whether something is in the way must not be told from what is only remembered.
            session.known.clear()
            session.learn(plan.moment.head)
            try:
                return commit.run(session, Keys(sorted(plan.keys)), partial(_writes, plan, force))
            except Stale:
                continue


def _writes(plan: Plan, force: bool, found: Found, _revision: int) -> tuple[Sequence[Write], int]:
    try:
        plan.catch_up()
        restoring = _Restoring(plan, found)
        return restoring.writes, carry_out(restoring, force=force)
    except Failed as failed:
        if failed.kind != COMPACTED:
            raise
        raise Stale from None


class _Restoring:
    """See :class:`sloth_tui.store.history.undoing.RestorePlan`."""

    __slots__ = ("_found", "_plan", "_steps", "writes")

    def __init__(self, plan: Plan, found: Found) -> None:
        self._plan = plan
        self._found = found
        self._steps: list[Step] = []
        self.writes: list[Write] = []

    def make(self) -> None:
        live = {key: form_of(kept) for key, kept in self._found.items()}
        self._steps = sorted(self._plan.steps(live), key=lambda step: step.key)

    def blocked(self, obstacles: tuple[int, ...]) -> list[str]:
        return [decode_key(step.key) for step in self._steps if step.obstacle in obstacles]

    def carry_out(self) -> int:
        possible = [step for step in self._steps if step.obstacle not in (UNKEPT, FORGOTTEN)]
        moment = self._plan.moment
        self.writes += [
            Write(step.key, str(step.before.kind), moment.bytes_of(step.before))
            for step in possible
            if step.before is not None
        ]
        self.writes += [Write(step.key, "", None) for step in possible if step.before is None]
        return len(self.writes)


def _rollback(moment: Moment, revision: int, prefix: str, key: str | None) -> Plan:
    selection = Selection(prefix, key)
    if key is None:
        require_kept(moment, revision, selection)
    else:
        require_kept_of(moment, key, revision)
    return RollbackPlan(moment, revision, selection)
