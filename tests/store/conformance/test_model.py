"""Random operations against a plain dictionary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from sloth_tui.errors import Conflict, HistoryPruned, NotANumber
from sloth_tui.origin import this_process
from sloth_tui.store.clock import SYSTEM_CLOCK
from tests.store.conformance.samples import BIGGEST, SMALLEST, identical
from tests.strategies import CHARACTERS
from tests.support import rounds

if TYPE_CHECKING:
    from sloth_tui.model import Value
    from sloth_tui.store.port import Store
    from tests.store.conformance.backends import Backend

pytestmark = pytest.mark.slow


KEYS = st.sampled_from(["a", "a:1", "a:2", "a:%", "b", "é", "\U0010ffff"])
PREFIXES = st.sampled_from(["", "a", "a:", "a:%", "c", "\U0010ffff"])
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(SMALLEST, BIGGEST)
    | st.floats(allow_nan=False, allow_infinity=False)
)
TABLES: st.SearchStrategy[Value] = st.recursive(
    st.lists(LEAVES, max_size=2),
    lambda inner: st.dictionaries(st.text(CHARACTERS, max_size=3), inner, max_size=2),
    max_leaves=4,
)
VALUES: st.SearchStrategy[Value] = (
    st.text(CHARACTERS, max_size=5)
    | st.integers(-3, 3)
    | st.integers(SMALLEST, BIGGEST)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
    | st.binary(max_size=3)
    | TABLES
)


class Stopped(Exception):
    pass


class StoreAgainstDictionary(RuleBasedStateMachine):
    """Two handles of one store must behave as one dictionary, with a history that replays to it."""

    backend: Backend

    def __init__(self) -> None:
        super().__init__()
        self.address = ""
        self.handles: list[Store] = []
        self.model: dict[str, Value] = {}
        self.turn = 0
        self.past: dict[int, dict[str, Value]] = {0: {}}
        """What every revision, at the end of a step, looked like."""
        self.sets = 0

    @initialize()
    def open(self) -> None:
        self.address = self.backend.fresh()
        self.handles = [self.backend.open(self.address, SYSTEM_CLOCK, False) for _ in range(2)]

    @property
    def store(self) -> Store:
        """Each handle in its turn."""
        self.turn += 1
        return self.handles[self.turn % 2]

    @rule()
    def begin_change_set(self) -> None:
        self.sets += 1
        for store in self.handles:
            store.set_origin(this_process("test", f"set {self.sets}", run=f"run {self.sets}"))

    @rule(data=st.data(), force=st.booleans())
    def undo(self, data: st.DataObject, force: bool) -> None:
        store = self.store
        sets = list(store.change_sets())
        if not sets:
            return
        change = data.draw(st.sampled_from(sets))
        steps = list(store.undo_steps(change))
        self.begin_change_set()
        try:
            done = store.undo(change, force=force)
        except Conflict:
            assert not force
            assert any(step.obstacle for step in steps)
            return
        except HistoryPruned:
            assert not force
            assert change.forgotten
            return
        possible = [step for step in steps if step.obstacle != "forgotten"]
        assert done == len(possible)
        alone = change.revisions == change.last_revision - change.first_revision + 1
        if alone and not change.forgotten and not any(step.obstacle for step in steps):
            before = self.past.get(change.first_revision - 1)
            if before is not None:
                assert all(same(step.new, before.get(step.key)) for step in steps)
        for step in possible:
            assert same(step.old, self.model.get(step.key))
            self.put(step.key, step.new)

    @rule(data=st.data(), prefix=PREFIXES)
    def rollback(self, data: st.DataObject, prefix: str) -> None:
        store = self.store
        revision = data.draw(st.sampled_from(sorted(self.past)))
        self.begin_change_set()
        try:
            store.rollback(revision, prefix=prefix)
        except HistoryPruned:
            assert store.complete_since(prefix) > revision
            return
        for key in {*self.model, *self.past[revision]}:
            if key.startswith(prefix):
                self.put(key, self.past[revision].get(key))

    def put(self, key: str, value: Value | None) -> None:
        if value is None:
            self.model.pop(key, None)
        else:
            self.model[key] = value

    @rule(key=KEYS, value=VALUES)
    def set(self, key: str, value: Value) -> None:
        self.store.set(key, value)
        self.model[key] = value

    @rule(values=st.dictionaries(KEYS, VALUES, max_size=4))
    def set_many(self, values: dict[str, Value]) -> None:
        changed = sum(not same(self.model.get(key), value) for key, value in values.items())
        assert self.store.set_many(values) == changed
        self.model.update(values)

    @rule(key=KEYS)
    def delete(self, key: str) -> None:
        assert self.store.delete(key) == (self.model.pop(key, None) is not None)

    @rule(keys=st.lists(KEYS, max_size=3))
    def delete_many(self, keys: list[str]) -> None:
        there = {key for key in keys if key in self.model}
        assert self.store.delete_many(keys) == len(there)
        for key in there:
            del self.model[key]

    @rule(prefix=PREFIXES)
    def delete_prefix(self, prefix: str) -> None:
        there = [key for key in self.model if key.startswith(prefix)]
        assert self.store.delete_prefix(prefix) == len(there)
        for key in there:
            del self.model[key]

    @rule(key=KEYS, by=st.integers(-3, 3) | st.integers(SMALLEST, BIGGEST) | st.floats(-4, 4))
    def increment(self, key: str, by: float) -> None:
        value = self.model.get(key, 0)
        try:
            total = self.store.increment(key, by)
        except NotANumber:
            if type(value) in (int, float):
                assert not SMALLEST <= value + by <= BIGGEST  # type: ignore[operator]
            return
        if type(value) in (int, float):
            assert identical(total, value + by)  # type: ignore[operator]
        self.model[key] = total

    @rule(key=KEYS, value=VALUES)
    def set_if_absent(self, key: str, value: Value) -> None:
        assert self.store.set_if_absent(key, value) == (key not in self.model)
        self.model.setdefault(key, value)

    @rule(key=KEYS, new=VALUES, right=st.booleans(), other=VALUES)
    def compare_and_set(self, key: str, new: Value, right: bool, other: Value) -> None:
        old = self.model.get(key) if right else other
        swapped = self.store.compare_and_set(key, old, new)
        assert swapped == same(old, self.model.get(key))
        if swapped:
            self.model[key] = new

    @rule(values=st.lists(st.tuples(KEYS, VALUES), max_size=4), fails=st.booleans())
    def transaction(self, values: list[tuple[str, Value]], fails: bool) -> None:
        store = self.store
        try:
            with store.transaction():
                for key, value in values:
                    store.set(key, value)
                if fails:
                    raise Stopped
        except Stopped:
            return
        self.model.update(values)

    @rule()
    def prune(self) -> None:
        self.store.prune(keep=2, keep_deleted_days=90)

    @rule(keep=st.integers(1, 3), data=st.data())
    def compact(self, keep: int, data: st.DataObject) -> None:
        self.store.compact(keep=keep, upto=data.draw(st.sampled_from(sorted(self.past))))

    @rule(data=st.data(), prefix=PREFIXES)
    def look_back(self, data: st.DataObject, prefix: str) -> None:
        store = self.store
        one, other = (data.draw(st.sampled_from(sorted(self.past))) for _ in range(2))
        if min(one, other) < store.complete_since(prefix):
            return
        ends = [
            {key: value for key, value in self.past[revision].items() if key.startswith(prefix)}
            for revision in (one, other)
        ]
        for revision, state in zip((one, other), ends, strict=True):
            found = {entry.key: entry.value for entry in store.entries_at(revision, prefix)}
            assert same(found, state)
        differences = {found.key: (found.old, found.new) for found in store.differences(one, other, prefix)}
        differing = {key for key in {*ends[0], *ends[1]} if not same(ends[0].get(key), ends[1].get(key))}
        assert differences.keys() == differing
        for key, (old, new) in differences.items():
            assert same(old, ends[0].get(key))
            assert same(new, ends[1].get(key))

    @rule(prefix=PREFIXES)
    def walk(self, prefix: str) -> None:
        wanted = sorted((key for key in self.model if key.startswith(prefix)), key=str.encode)
        store = self.store
        assert list(store.keys(prefix)) == wanted
        assert store.count(prefix) == len(wanted)
        assert identical(list(store.items(prefix)), [(key, self.model[key]) for key in wanted])

    @invariant()
    def every_key_is_what_it_should_be(self) -> None:
        if self.handles:
            store = self.store
            assert store.count() == len(self.model)
            for key, value in self.model.items():
                assert same(store.get(key), value)

    @invariant()
    def every_moment_is_noted(self) -> None:
        if self.handles:
            self.past[self.store.revision()] = dict(self.model)

    @invariant()
    def history_ends_in_what_is_there(self) -> None:
        if not self.handles:
            return
        changes = list(self.store.revisions_since(0))
        newest = {change.key: change for change in changes}
        assert all(same(newest[key].new, value) for key, value in self.model.items())
        assert all(change.new is None for key, change in newest.items() if key not in self.model)
        for key in newest:
            of_key = [change for change in reversed(changes) if change.key == key]
            assert list(self.store.revisions(key)) == of_key

    def teardown(self) -> None:
        for store in self.handles:
            store.close()
        self.backend.discard(self.address)


def same(one: object, other: object) -> bool:
    """Equal in type all the way down; a table's keys have no order."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


@pytest.mark.timeout(rounds(300, 900))
def test_a_store_behaves_like_a_dictionary_with_a_history(backend: Backend) -> None:
    machine = type("Machine", (StoreAgainstDictionary,), {"backend": backend})
    examples = rounds(3, 100) if backend.remote else rounds(10, 500)
    run_state_machine_as_test(machine, settings=settings(max_examples=examples, stateful_step_count=30))
