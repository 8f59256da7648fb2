"""Stores with a past, and all that the port tells of one: to compare a store with what was moved from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import HistoryPruned
from sloth_tui.model import Origin

if TYPE_CHECKING:
    from sloth_tui.model import ChangeSet, Entry, Revision
    from sloth_tui.store.port import Store

RUN = Origin("ann", "far", 4711, "lua", "run deploy.lua", "c0ffee00", "build")


class Picture(NamedTuple):
    """All that the port tells of a store."""

    entries: list[Entry]
    revision: int
    revisions: list[Revision]
    by_key: dict[str, list[Revision]]
    log: list[ChangeSet]
    since: dict[str, int]
    past: dict[int, list[Entry] | str]


def picture(store: Store) -> Picture:
    everything = list(store.revisions_since(0))
    keys = {one.key for one in everything} | set(store.keys())
    return Picture(
        list(store.entries()),
        store.revision(),
        everything,
        {key: list(store.revisions(key)) for key in sorted(keys)},
        list(store.change_sets()),
        {prefix: store.complete_since(prefix) for prefix in ("", "app:", "tmp:", "gone", "none")},
        {revision: _past(store, revision) for revision in range(store.revision() + 1)},
    )


def without_times_of_the_past(seen: Picture) -> Picture:
    """When a value was set whose own revision is forgotten, some backends know and others do not."""
    return seen._replace(
        past={
            at: known if isinstance(known, str) else [_undated(one) for one in known]
            for at, known in seen.past.items()
        }
    )


def _undated(entry: Entry) -> Entry:
    return entry._replace(created_at=None, updated_at=None, revision=None)


def _past(store: Store, revision: int) -> list[Entry] | str:
    try:
        return list(store.entries_at(revision))
    except HistoryPruned as error:
        return error.message


def write_a_past(store: Store) -> None:
    """Give the store everything that a store can have: all types, runs, undo, secrets, large values."""
    store.set_origin(Origin("bob", "here", 12, "sloth-runner", "set many"))
    store.set_many({"app:version": "1.0", "app:n": 7, "tmp:a": 0.5, "tmp:b": True, "gone": "x"})
    store.set_many({"app:table": {"a": [1, None, "é"]}, "app:bytes": b"\0\xff", "key with space": ""})
    for task in ("build", "test"):
        store.set_origin(RUN._replace(task=task))
        store.set("app:version", f"by {task}")
        store.increment("app:n", 3)
    store.set_origin(Origin("bob", "here", 13, "sloth-tui", "edit"))
    store.delete_many(["gone", "tmp:a"])
    store.set("tmp:a", "again")
    store.set("tmp:big", "v" * 700_000)
    store.set("tmp:big", b"w" * 600_000)
    store.mark_secret("app:token")
    store.set("app:token", "hidden 1")
    store.set("app:token", "hidden 2")
    store.undo(store.change_set(RUN.run or ""), force=True)
    for number in range(9):
        store.set("app:busy", number)
    store.delete("app:bytes")
