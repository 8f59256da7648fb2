"""Change sets: what one command, run or edit changed.

Each origin of a handle has a number. A run has one for every task that wrote, and they form one change set.
"""

from __future__ import annotations

from collections import namedtuple
from functools import partial

from sloth_tui.origin import is_expiry
from sloth_tui.store.etcd.client.messages import Range, after
from sloth_tui.store.etcd.data.layout import OTHERS, number_at_end
from sloth_tui.store.etcd.data.records import decode_change
from sloth_tui.store.etcd.upkeep.forgetting import size_of
from sloth_tui.store.etcd.upkeep.moment import Selection, at_one_moment
from sloth_tui.store.history import change_ids, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sloth_tui.model import ChangeSet
    from sloth_tui.store.etcd.client.messages import RangeAnswer
    from sloth_tui.store.etcd.data.records import ChangeRecord
    from sloth_tui.store.etcd.session import Session
    from sloth_tui.store.etcd.upkeep.moment import Moment

_FIRST_PAGE, _GROWTH, _MOST = 64, 4, 4096


class Group(namedtuple("Group", ("members", "made", "last"))):
    """The numbers that form one change set."""

    __slots__ = ()

    members: tuple[ChangeRecord, ...]
    """In the order of their numbers; not empty."""
    made: int
    """How many revisions it made."""
    last: int
    """The last of them."""

    @property
    def numbers(self) -> frozenset[int]:
        return frozenset(member.number for member in self.members)

    @property
    def first(self) -> int:
        return min(member.first_revision for member in self.members)

    @property
    def forgotten(self) -> int:
        return sum(member.forgotten for member in self.members)


class ChangeSets:
    """See :class:`sloth_tui.store.port.Undoing`."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def change_sets(self, *, prefix: str = "") -> Iterator[ChangeSet]:
        """See the port. Read in growing pages, each of one moment."""
        selection, size = Selection(prefix), _FIRST_PAGE
        before: int | None = None
        above: int | None = None
        while before is None or before > 1:
            found, before, above = at_one_moment(
                self._session, partial(_page, before=before, above=above, size=size, selection=selection)
            )
            yield from found
            size = min(size * _GROWTH, _MOST)

    def change_set(self, name: str) -> ChangeSet:
        return at_one_moment(self._session, lambda moment: named(moment, name))

    def newest_change_set(self) -> ChangeSet:
        """See the port."""
        for found in self.change_sets():
            if not is_expiry(found.origin):
                return found
        raise words.nothing_changed()


def named(moment: Moment, name: str) -> ChangeSet:
    """Return a change set by its id or by the id of a run. Raises RevisionNotFound, HistoryPruned."""
    number = number_of(name)
    group = None if number is None else group_of(moment, number)
    if group is None:
        # The id of a run is hexadecimal, and some ids have no letter.
        group = _group_of_run(moment, name)
    if group is None:
        if number is not None and 0 < number <= moment.head.change:
            raise words.change_set_not_kept(name)
        raise words.no_change_set(name)
    found = _change_set(moment, group)
    if found is None:
        raise words.empty_change_set(name, forgotten=group.forgotten > 0)
    return found


def number_of(name: str) -> int | None:
    """Return the number under which a change set with this id is kept; None if it is the id of a run."""
    first = change_ids.first_revision_of(name)
    return change_ids.number_of(name) if first is None else OTHERS + first


def group_of(moment: Moment, number: int) -> Group | None:
    """Return the change set that a number belongs to; None if it is not kept."""
    found = moment.change_records([number])
    if not found:
        return None
    run = found[number].origin.run
    return _group(moment, [found[number]]) if run is None else _group_of_run(moment, run)


def _group_of_run(moment: Moment, run: str) -> Group | None:
    prefix = moment.session.layout.run_of(run)
    return _of_run(moment, moment.range(Range(prefix, after(prefix), keys_only=True)))


def _of_run(moment: Moment, names: RangeAnswer) -> Group | None:
    found = moment.change_records(number_at_end(kv.key) for kv in names.kvs)
    return _group(moment, list(found.values())) if found else None


def _group(moment: Moment, members: Sequence[ChangeRecord]) -> Group:
    layout = moment.session.layout
    answers = moment.read([Range(layout.size(member.number)) for member in members])
    sizes = [size_of(kv) for answer in answers for kv in answer.kvs]
    return Group(
        tuple(members), sum(count for count, _ in sizes), max((last for _, last in sizes), default=0)
    )


def _page(
    moment: Moment, *, before: int | None, above: int | None, size: int, selection: Selection
) -> tuple[list[ChangeSet], int, int]:
    """Return the next change sets, newest first, and before which number to go on with our own, and before
    which first revision with those of other programs."""
    before = moment.head.change + 1 if before is None else before
    above = moment.head.revision + 1 if above is None else above
    low = max(1, before - size)
    groups = list(_groups(moment, low, before))
    floor = min((group.first for group in groups), default=above) if low > 1 else 0
    groups += _groups(moment, OTHERS + min(floor, above), OTHERS + above)
    found = [
        change
        for group in groups
        if (selection.is_all or _has_changed(moment, group, selection))
        and (change := _change_set(moment, group)) is not None
    ]
    found.sort(key=lambda one: one.first_revision, reverse=True)
    return found, low, min(floor, above)


def _groups(moment: Moment, low: int, high: int) -> Iterator[Group]:
    """Yield the change sets whose first number is from ``low`` up to, not including, ``high``; newest
    first."""
    layout = moment.session.layout
    changes = moment.range(Range(layout.change(low), layout.change(high))).kvs
    sizes = {
        number_at_end(kv.key): size_of(kv)
        for kv in moment.range(Range(layout.size(low), layout.size(high))).kvs
    }
    records = [decode_change(number_at_end(kv.key), kv.value) for kv in reversed(changes)]
    runs = list(dict.fromkeys(record.origin.run for record in records if record.origin.run is not None))
    prefixes = [layout.run_of(run) for run in runs]
    names = moment.read([Range(prefix, after(prefix), keys_only=True) for prefix in prefixes])
    of_run = dict(zip(runs, names, strict=True))
    for record in records:
        if record.origin.run is None:
            yield Group((record,), *sizes.get(record.number, (0, 0)))
            continue
        group = _of_run(moment, of_run[record.origin.run])
        if group is not None and group.members[0].number == record.number:
            yield group


def _has_changed(moment: Moment, group: Group, selection: Selection) -> bool:
    """Return True if a kept revision of the change set is of one of these keys."""
    return any(
        record.change in group.numbers for record in moment.changes(selection, group.first - 1, group.last)
    )


def _change_set(moment: Moment, group: Group) -> ChangeSet | None:
    """Return the change set as others see it; None if none of its revisions is kept."""
    from sloth_tui.model import ChangeSet

    first, last, count, forgotten = group.first, group.last, group.made, group.forgotten
    if forgotten:
        kept = [
            record.revision
            for record in (moment.records_between(first, last) if forgotten < count else ())
            if record.change in group.numbers
        ]
        first, last, count = (kept[0], kept[-1], len(kept)) if kept else (0, 0, 0)
    if not count:
        return None
    member = group.members[0]
    if member.number >= OTHERS:
        name = change_ids.of_others(member.first_revision)
        return ChangeSet(name, member.at / 1000, None, first, last, count, forgotten)
    origin = member.origin._replace(task=None)
    return ChangeSet(str(member.number), member.at / 1000, origin, first, last, count, forgotten)
