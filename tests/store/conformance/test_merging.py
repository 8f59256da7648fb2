"""Merge entries from elsewhere into a store: all of it or nothing, as one change set."""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import Conflict, LockLost, NotWritable, SlothError
from sloth_tui.store.parts import Batch, EntryLines, KeptEntry, Merged, Outline, SecretKey
from sloth_tui.values.codec import encode
from tests.store.moving import RUN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sloth_tui.model import Value
    from sloth_tui.store.port import Store
    from tests.store.conformance.conftest import OpenStore


def source(
    values: dict[str, Value], *secrets: str, size: int = 2, expires: dict[str, float] | None = None
) -> Callable[[], Iterator[Batch]]:
    rows: list[tuple[str | bytes, str | bytes, str | None, int]] = []
    for number, (key, value) in enumerate(values.items(), 1):
        kind, stored = encode(value)
        rows.append((key, stored, kind, number))

    def batches() -> Iterator[Batch]:
        for first in range(0, len(rows), size):
            part = list(rows[first : first + size])
            yield Batch(part, [row[0] for row in part if row[0] in secrets], expires or {}, first + len(part))

    return batches


NEW: dict[str, Value] = {
    "a": 1, "b": "text", "c": {"base64": "aGk="}, "d": b"\xff", "é": True, "f": -0.0, "g": "",
}  # fmt: skip


def test_into_nothing_and_back(store: Store) -> None:
    told: list[int] = []
    assert store.merge(source(NEW), "fail", progress=told.append) == Merged(7, 0, 0, 0, 0)
    assert dict(store.items()) == dict(sorted(NEW.items(), key=lambda item: item[0].encode()))
    assert [repr(store.get("f")), store.entry("d").type] == ["-0.0", "bytes"]
    assert told == [2, 4, 6, 7]
    assert {one.key: one.old for one in store.revisions_since(0)} == dict.fromkeys(NEW)
    assert [one.created for one in store.revisions_since(0)] == [True] * 7
    (only,) = store.change_sets()
    assert (only.revisions, store.revision()) == (7, 7)
    assert store.undo(only) == 7
    assert dict(store.items()) == {}
    assert store.merge(source(NEW), "fail") == Merged(7, 0, 0, 0, 0)
    assert [one.operation for one in store.revisions("a")] == ["set", "delete", "set"]
    assert store.problems() == []


@pytest.mark.parametrize(
    ("rule", "done", "after"),
    [("keep", Merged(1, 0, 1, 1, 0), 5), ("overwrite", Merged(1, 1, 1, 0, 0), "5")],
)
def test_rules(store: Store, rule: str, done: Merged, after: Value) -> None:
    store.set_many({"here": 1, "same": {"a": 1}, "other": 5})
    before = store.revision()
    store.set_origin(RUN)  # begins another change set
    assert store.merge(source({"same": {"a": 1}, "other": "5", "new": 1}), rule) == done
    assert dict(store.items()) == {"here": 1, "new": 1, "other": after, "same": {"a": 1}}
    changed = {one.key: one.old for one in store.revisions_since(before)}
    assert changed == ({"new": None, "other": 5} if rule == "overwrite" else {"new": None})
    store.undo(store.newest_change_set())
    assert dict(store.items()) == {"here": 1, "other": 5, "same": {"a": 1}}


def test_a_conflict_changes_nothing(store: Store) -> None:
    store.set_many({"a": 1, "b": 2})
    with pytest.raises(Conflict, match="2 keys have other values here: 'a', 'b'"):
        store.merge(source({"z": 1, "b": "2", "a": 2}, "z"), "fail")
    assert (dict(store.items()), store.revision()) == ({"a": 1, "b": 2}, 2)
    assert len(list(store.change_sets())) == 1
    assert store.merge(source({"b": 2, "a": 1}), "fail") == Merged(0, 0, 2, 0, 0)
    assert (store.revision(), len(list(store.change_sets()))) == (2, 1)


def test_replacing_all_and_under_a_prefix(store: Store) -> None:
    store.set_many({"app:a": 1, "app:b": 2, "tmp:x": 3})
    store.set_origin(RUN)
    assert store.merge(source({"app:b": 3}), "overwrite", replace="app:") == Merged(0, 1, 0, 0, 1)
    assert dict(store.items()) == {"app:b": 3, "tmp:x": 3}
    store.undo(store.newest_change_set())
    assert dict(store.items()) == {"app:a": 1, "app:b": 2, "tmp:x": 3}
    assert store.merge(source({"new": 1}), "overwrite", replace="") == Merged(1, 0, 0, 0, 3)
    assert dict(store.items()) == {"new": 1}


def test_secrets_are_marked_before_they_are_written(store: Store) -> None:
    store.set_many({"pass": "old", "plain": "old"})
    store.merge(source({"pass": "new", "plain": "new"}, "pass"), "overwrite")
    found = {one.key: (one.secret, one.old, one.new) for one in store.revisions_since(2)}
    assert found == {"pass": (True, None, None), "plain": (False, "old", "new")}
    store.merge(source({"fresh": "1"}, "fresh"), "fail")
    store.set("fresh", "2")
    assert next(iter(store.revisions("fresh"))).secret


def test_a_source_that_fails_changes_nothing(store: Store) -> None:
    def failing() -> Iterator[Batch]:
        yield next(source(NEW)())
        raise SlothError("no more")

    for _ in range(2):
        before = dict(store.items())
        with pytest.raises(SlothError, match="no more"):
            store.merge(failing, "overwrite")
        assert dict(store.items()) == before
        store.set("z", 1)
    assert len(list(store.change_sets())) == 1


def test_only_who_may_write_merges(store: Store, open_store: OpenStore) -> None:
    store.set("a", 1)
    with pytest.raises(NotWritable):
        open_store(read_only=True).merge(source(NEW), "overwrite")
    store.fence("nobody", 1)
    with pytest.raises(LockLost):
        store.merge(source(NEW), "overwrite")
    store.unfence("nobody")
    assert dict(store.items()) == {"a": 1}


def test_entries_come_out_alone(store: Store) -> None:
    store.set_many({"a": 1, "b:1": "x", "b:2": {"n": None}, "c": 2})
    store.mark_secret("b:1")
    outline, *parts = store.dump_entries("b:")
    assert isinstance(outline, Outline)
    assert (outline.keys, outline.revision) == (2, 4)
    assert SecretKey(b"b:1") in parts
    found = [(part.key, part.kind, part.stored) for part in parts if isinstance(part, KeptEntry)]
    assert found == [(b"b:1", "string", b"x"), (b"b:2", "table", b'{"n":null}')]
    count = 0
    for part in store.dump_entries(lines=True):
        count += part.entries if isinstance(part, EntryLines) else isinstance(part, KeptEntry)
    assert count == 4


@pytest.mark.parametrize("rule", ["overwrite", "keep"])
def test_times_to_live_come_along_and_others_end(store: Store, rule: str) -> None:
    store.set("other", 1, ttl=1000)
    store.set("same", 1, ttl=1000)
    values: dict[str, Value] = {"new": 1, "other": 2, "plain": 3, "same": 1}
    later = time() + 5000
    store.merge(source(values, size=9, expires={"new": later}), rule)
    left = {key: store.ttl(key) for key in values}
    assert left["plain"] is None
    assert left["new"] is not None
    assert 4000 < left["new"] < 5001
    assert left["same"] is not None
    assert (left["other"] is None) == (rule == "overwrite")
    store.merge(source({"other": 2}, expires={"other": later}), rule)
    given = store.ttl("other")
    assert (given is not None and given > 4000) == (rule == "overwrite")
    outline, *parts = store.dump_entries(lines=True)
    assert isinstance(outline, Outline)
    found = {part.key: part.expires_at for part in parts if isinstance(part, KeptEntry)}
    assert found[b"plain"] is None
    assert found[b"new"] is not None
