"""The rules of undo and rollback say the same as SQLite's statements."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest

from sloth_tui.model import Origin
from sloth_tui.store.history import rules
from sloth_tui.store.history.rules import Form, Replaced, Trace
from sloth_tui.store.history.undoing import OBSTACLES
from sloth_tui.store.sqlite.engine.database import Database
from sloth_tui.store.sqlite.store import SqliteStore
from tests.support import rounds

if TYPE_CHECKING:
    from pathlib import Path

    from sloth_tui.model import ChangeSet, Value

    Steps = list[tuple[str, str | None]]

KEYS = ("a", "b", "c:1", "c:2")
VALUES: list[Value] = ["x", "y", 1, b"x"]
_HISTORY = "SELECT revision, CAST(key AS BLOB), change, old, old_type FROM sloth_history ORDER BY revision"
_LIVE = "SELECT CAST(key AS BLOB), value, type FROM state"
_FORGOTTEN = "SELECT CAST(key AS BLOB), revision FROM sloth_forgotten"
_MEMBERS = (
    "SELECT id, first_revision FROM sloth_changes WHERE id = :id "
    "OR run = (SELECT run FROM sloth_changes WHERE id = :id)"
)


class History:
    """What SQLite has on record."""

    def __init__(self, path: str) -> None:
        with SqliteStore("agent", Database(path, read_only=True)) as store:
            rows = store._database.rows
            self.records = [
                Replaced(revision, key, change, None if old is None else Form(kind, old))
                for revision, key, change, old, kind in rows(_HISTORY)
            ]
            self.live = {key: Form(kind, value) for key, value, kind in rows(_LIVE)}
            self.forgotten = dict(rows(_FORGOTTEN))
            self.sets = list(store.change_sets())
            self.undo = {one.id: plain(store.undo_steps(one)) for one in self.sets}
            self.oldest = store.complete_since()
            self.rollback = {
                revision: plain(store.rollback_steps(revision))
                for revision in range(self.oldest, store.revision() + 1)
            }
            self.members = {one.id: dict(rows(_MEMBERS, {"id": int(one.id)})) for one in self.sets}

    def steps_of_undo(self, change_set: ChangeSet) -> Steps:
        members, traces = self.members[change_set.id], dict[bytes, Trace]()
        for record in self.records:
            rules.follow(traces, record, member=record.change in members)
        found: dict[bytes, int] = {}
        for key, trace in traces.items():
            live = self.live.get(key)
            lost = change_set.forgotten > 0 and self.forgotten.get(key, 0) >= members[int(change_set.id)]
            left = live if trace.later is None else trace.later.old
            obstacle = rules.undo_obstacle(trace, live, left, forgotten=lost)
            if obstacle is not None:
                found[key] = obstacle
        return named(found)

    def steps_of_rollback(self, revision: int) -> Steps:
        before: dict[bytes, Form | None] = {}
        for record in self.records:
            if record.revision > revision:
                before.setdefault(record.key, record.old)
        found = {key: rules.rollback_obstacle(old, self.live.get(key)) for key, old in before.items()}
        return named({key: obstacle for key, obstacle in found.items() if obstacle is not None})


def plain(steps: object) -> Steps:
    return [(step.key, step.obstacle) for step in steps]  # type: ignore[attr-defined]


def named(found: dict[bytes, int]) -> Steps:
    return [(key.decode(), OBSTACLES.get(obstacle)) for key, obstacle in sorted(found.items())]


def write_at_random(path: str, chance: random.Random) -> None:
    handles = [SqliteStore("agent", Database(path)) for _ in range(2)]
    for number in range(chance.randint(3, 40)):
        store, key = chance.choice(handles), chance.choice(KEYS)
        match chance.randrange(12):
            case 0 | 1 | 2:
                run = chance.choice([None, "one", "two"])
                store.set_origin(Origin("user", "host", 1, "test", str(number), run))
            case 3:
                store.delete(key)
            case 4:
                store.delete_prefix("c:")
            case 5:
                store.prune(keep=chance.randint(1, 4), keep_deleted_days=90)
            case 6 if chance.random() < 0.3:
                store.mark_secret(key)
            case 7 if sets := list(store.change_sets()):
                store.undo(chance.choice(sets), force=True)
            case _:
                store.set(key, chance.choice(VALUES))
    for store in handles:
        store.close()


@pytest.mark.slow
def test_the_rules_are_those_of_sqlite(tmp_path: Path) -> None:
    obstacles = set()
    for seed in range(rounds(15, 600)):
        path = os.path.join(tmp_path, f"{seed}.db")
        write_at_random(path, random.Random(seed))
        history = History(path)
        for change_set in history.sets:
            expected = history.undo[change_set.id]
            assert history.steps_of_undo(change_set) == expected, (seed, change_set)
            obstacles |= {obstacle for _, obstacle in expected}
        for revision, steps in history.rollback.items():
            assert history.steps_of_rollback(revision) == steps, (seed, revision)
    assert obstacles == {None, "changed", "secret", "forgotten"}
