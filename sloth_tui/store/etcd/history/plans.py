"""The steps of an undo or a rollback, as of one moment and of what was written since."""

from __future__ import annotations

from collections import namedtuple

from sloth_tui.store.etcd.client.messages import Range
from sloth_tui.store.etcd.history.change_sets import group_of, number_of
from sloth_tui.store.etcd.upkeep.moment import Selection, form_of, old_form
from sloth_tui.store.history import rules
from sloth_tui.store.history.rules import Replaced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sloth_tui.model import ChangeSet
    from sloth_tui.store.etcd.data.records import Record
    from sloth_tui.store.etcd.history.change_sets import Group
    from sloth_tui.store.etcd.upkeep.moment import Moment
    from sloth_tui.store.history.rules import Form

_NEAR = 2048
"""Up to so many later revisions are read through, rather than each key's next one looked up."""


class Step(namedtuple("Step", ("key", "live", "before", "obstacle"))):
    """What happens to one key."""

    __slots__ = ()

    key: bytes
    live: Form | None
    """The value now."""
    before: Form | None
    """The value afterwards."""
    obstacle: int
    """0: nothing is in the way."""


class Stale(Exception):
    """The plan must be read again."""


class Plan:
    """The steps of an undo or a rollback, as of a moment and of what was written since."""

    __slots__ = ("_revision", "moment")

    def __init__(self, moment: Moment) -> None:
        self.moment = moment
        self._revision = moment.head.revision

    @property
    def keys(self) -> Iterable[bytes]:
        raise NotImplementedError

    def steps(self, live: Mapping[bytes, Form | None] | None = None) -> list[Step]:
        """Return the steps, given the values now; None: those of the moment."""
        raise NotImplementedError

    def take_in(self, record: Record) -> None:
        """Take in a record that was written since. Raises Stale if the plan lacks its key."""
        raise NotImplementedError

    def catch_up(self) -> None:
        """Take in what was written before the head that the session knows. Raises Stale if part of it is
        gone, or other keys hold secrets."""
        head = self.moment.session.head
        if head.secrets != self.moment.head.secrets:
            raise Stale
        if head.revision <= self._revision:
            return
        later = range(self._revision + 1, head.revision + 1)
        now = type(self.moment)(self.moment.session)
        records = now.records(later)
        if len(records) < len(later):
            raise Stale
        for record in records:
            self.take_in(record)
        self._revision = head.revision


class UndoPlan(Plan):
    """Restore every key of a change set to its value before it."""

    __slots__ = ("_change_set", "_group", "_lost", "_number", "_numbers", "_then", "_traces")

    def __init__(self, moment: Moment, change_set: ChangeSet) -> None:
        super().__init__(moment)
        self._change_set = change_set
        self._number = number_of(change_set.id) or 0
        group = group_of(moment, self._number)
        self._numbers = group.numbers if group else frozenset()
        self._traces: dict[bytes, rules.Trace] = {}
        if group is not None:
            self._read(group)
        keys = list(self._traces)
        self._then = {key: form_of(kept) for key, kept in moment.entries(keys).items()}
        self._lost = self._forgotten(group, keys) if group and change_set.forgotten else frozenset()

    @property
    def keys(self) -> Iterable[bytes]:
        return self._traces

    def steps(self, live: Mapping[bytes, Form | None] | None = None) -> list[Step]:
        live = self._then if live is None else live
        found: list[Step] = []
        for key, trace in self._traces.items():
            now = live[key]
            left = self._then[key] if trace.later is None else trace.later.old
            obstacle = rules.undo_obstacle(
                trace, now, left, forgotten=key in self._lost, same=self.moment.same
            )
            if obstacle is not None:
                found.append(Step(key, now, trace.before, obstacle))
        return found

    def take_in(self, record: Record) -> None:
        member = record.change in self._numbers
        if member and record.key not in self._traces:
            raise Stale
        rules.follow(self._traces, _replaced(record), member=member)

    def _read(self, group: Group) -> None:
        moment = self.moment
        newest = moment.head.revision
        end = newest if newest - group.last <= _NEAR else group.last
        last: dict[bytes, int] = {}
        for record in moment.records_between(self._change_set.first_revision, end):
            member = record.change in self._numbers
            rules.follow(self._traces, _replaced(record), member=member)
            if member:
                last[record.key] = record.revision
        if end < newest:
            unknown = {key: last[key] for key, trace in self._traces.items() if trace.later is None}
            for key, record in moment.next_of(unknown).items():
                self._traces[key].later = _replaced(record)

    def _forgotten(self, group: Group, keys: Sequence[bytes]) -> frozenset[bytes]:
        """Return the keys of which a revision of the change set may be forgotten."""
        first = next(member.first_revision for member in group.members if member.number == self._number)
        answers = self.moment.read([Range(self.moment.session.layout.forgotten + key) for key in keys])
        return frozenset(
            key
            for key, answer in zip(keys, answers, strict=True)
            if answer.kvs and int(answer.kvs[0].value) >= first
        )


class RollbackPlan(Plan):
    """Restore every selected key that changed after a revision to its value then."""

    __slots__ = ("_before", "_selection", "_then")

    def __init__(self, moment: Moment, revision: int, selection: Selection) -> None:
        super().__init__(moment)
        self._selection = selection
        self._before: dict[bytes, Form | None] = {}
        for record in moment.changes(selection, revision):
            if record.key not in self._before:
                self._before[record.key] = old_form(record)
        entries = moment.entries(list(self._before))
        self._then = {key: form_of(kept) for key, kept in entries.items()}

    @property
    def keys(self) -> Iterable[bytes]:
        return self._before

    def steps(self, live: Mapping[bytes, Form | None] | None = None) -> list[Step]:
        live = self._then if live is None else live
        found: list[Step] = []
        for key, before in self._before.items():
            obstacle = rules.rollback_obstacle(before, live[key], same=self.moment.same)
            if obstacle is not None:
                found.append(Step(key, live[key], before, obstacle))
        return found

    def take_in(self, record: Record) -> None:
        if self._selection.includes(record.key) and record.key not in self._before:
            raise Stale


def _replaced(record: Record) -> Replaced:
    return Replaced(record.revision, record.key, record.change, old_form(record))
