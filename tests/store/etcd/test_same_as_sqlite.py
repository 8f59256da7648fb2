"""Whatever is done to a store on etcd and to one in a file, both tell the same."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import SlothError
from sloth_tui.model import ChangeSet, Difference, Entry, Origin, Revision, Step
from sloth_tui.store.sqlite.engine.database import Database
from sloth_tui.store.sqlite.store import SqliteStore
from tests.servers.etcd import needs_etcd
from tests.support import rounds

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sloth_tui.model import Value
    from sloth_tui.store.port import Store
    from tests.store.etcd.conftest import OpenStore

pytestmark = [pytest.mark.slow, needs_etcd]

KEYS = ("a", "a:1", "a:2", "a:10", "a:1:x", "b", "é")
PREFIXES = ("", "a", "a:", "a:1", "b", "c", "é")
VALUES: tuple[Value, ...] = ("x", "", 1, 2, True, 1.5, b"\xff", {"a": 1}, [1], "y" * 300_000, "z" * 300_000)
"""The long ones are kept in pieces."""
SETS = ("run-1", "run-2", "123", "x3", "0", "9" * 30, "nobody")


class Twins:
    """Two handles on a store on etcd, and two on one in a file, which do the same in turn."""

    def __init__(self, open_etcd: OpenStore, path: str, chance: random.Random) -> None:
        self.pairs = [(open_etcd(), SqliteStore("agent", Database(path))) for _ in range(2)]
        self.chance = chance
        self.sets = 0
        for who in range(2):
            self.begin(who)

    def begin(self, who: int, run: str | None = None) -> None:
        self.sets += 1
        origin = Origin("user", "host", self.sets, "test", f"set {self.sets}", run, "task" if run else None)
        for store in self.pairs[who]:
            store.set_origin(origin)

    def both(self, act: Callable[[Store], object]) -> None:
        remote, file = self.chance.choice(self.pairs)
        assert outcome(act, remote) == outcome(act, file)

    def step(self) -> None:
        chance = self.chance
        key, value, prefix = chance.choice(KEYS), chance.choice(VALUES), chance.choice(PREFIXES)
        keep, newest = chance.randint(0, 4), self.pairs[0][1].revision()
        match chance.randrange(20):
            case 0 | 1 | 2 | 3 | 4 | 5:
                self.both(lambda store: store.set(key, value))
            case 6:
                values = {chance.choice(KEYS): chance.choice(VALUES) for _ in range(4)}
                self.both(lambda store: store.set_many(values))
            case 7:
                self.both(lambda store: store.delete(key))
            case 8:
                self.both(lambda store: store.delete_prefix(prefix))
            case 9 | 10:
                self.begin(chance.randrange(2), chance.choice([None, None, "run-1", "run-2", "123"]))
            case 11 if chance.random() < 0.3:
                self.both(lambda store: store.mark_secret(key))
            case 12 if chance.random() < 0.5:
                self.both(lambda store: store.prune(keep=max(keep, 1), keep_deleted_days=90))
            case 13 if chance.random() < 0.5:
                upto = chance.choice([None, chance.randint(0, newest)])
                self.both(lambda store: store.compact(keep=keep, upto=upto))
            case 14:
                self.undo()
            case 15:
                self.roll_back(chance.randint(0, newest + 1), key, prefix)
            case _:
                self.ask(chance.randint(0, newest + 1), chance.randint(0, newest + 1), key, prefix)

    def undo(self) -> None:
        place, force = self.chance.randrange(100), self.chance.random() < 0.5

        def chosen(store: Store) -> ChangeSet:
            sets = list(store.change_sets())
            return sets[place % len(sets)]

        if not self.pairs[0][1].revision():
            return
        self.both(lambda store: store.undo_steps(chosen(store)))
        for who in range(2):
            self.begin(who)
        self.both(lambda store: store.undo(chosen(store), force=force))

    def roll_back(self, revision: int, key: str, prefix: str) -> None:
        force, only = self.chance.random() < 0.5, self.chance.choice([None, key])
        self.both(lambda store: store.rollback_steps(revision, prefix=prefix, key=only))
        for who in range(2):
            self.begin(who)
        self.both(lambda store: store.rollback(revision, prefix=prefix, key=only, force=force))

    def ask(self, one: int, other: int, key: str, prefix: str) -> None:
        limit, name = self.chance.choice([None, 3, 0]), self.chance.choice(SETS)
        self.both(lambda store: store.entries_at(one, prefix))
        self.both(lambda store: store.entry_at(key, one))
        self.both(lambda store: store.differences(one, other, prefix))
        self.both(lambda store: store.change_sets(prefix=prefix))
        self.both(lambda store: store.change_set(name))
        self.both(lambda store: store.newest_change_set())
        self.both(lambda store: store.revisions_since(one, prefix=prefix, limit=limit))
        self.both(lambda store: store.revisions(key, limit=limit))
        self.both(lambda store: store.follow(one, prefix=prefix))
        self.both(lambda store: store.complete_since(prefix))
        self.both(lambda store: store.items(prefix))


def outcome(act: Callable[[Store], object], store: Store) -> object:
    """What came of it, without times and without the numbers of change sets: in a file, an undo that changes
    nothing has one too."""
    try:
        found = act(store)
        return [plain(each) for each in found] if isinstance(found, Iterator) else plain(found)
    except SlothError as error:
        return type(error), re.sub(r"change set \d+", "change set N", str(error)), error.hint


def plain(found: object) -> object:
    match found:
        case Revision():
            found = found._replace(at=0, change_set_id=0)
        case ChangeSet():
            found = found._replace(at=0, id="")
        case Entry():
            # Where the revision that wrote it is forgotten, a file does not know these.
            found = found._replace(created_at=None, updated_at=None, revision=None)
        case Step() | Difference():
            pass
        case list():
            return [plain(each) for each in found]
    return repr(found)


@pytest.mark.parametrize("seed", range(rounds(1, 30)))
def test_both_tell_the_same(open_etcd: OpenStore, tmp_path: Path, seed: int) -> None:
    twins = Twins(open_etcd, os.path.join(tmp_path, "agent.db"), random.Random(seed))
    for _ in range(rounds(60, 120)):
        twins.step()
    for _, file in twins.pairs:
        file.close()
