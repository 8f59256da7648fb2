"""Changes of one entry as the services make them, without a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from sloth_tui.errors import Conflict, InvalidKey
from sloth_tui.store import open_store
from sloth_tui.tui.services.detail import Detail, read_newest
from sloth_tui.tui.services.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sloth_tui.model import Entry
    from sloth_tui.tui.services.reader import Reader


@pytest.fixture
def detail(base: Path) -> Iterator[Detail]:
    writer = Writer(read_only=False)
    yield Detail(cast("Reader", None), writer, lambda: "local", lambda _: None)
    writer.stop()


def entry(key: str) -> Entry:
    with open_store("local", "read") as store:
        return store.entry(key)


def test_setting_tells_whether_it_changed_anything_and_what_is_there_instead(detail: Detail) -> None:
    with open_store("local", "write") as store:
        store.set("a", 1)
    before = entry("a")
    assert detail.replace("a", before, 1).result()[:1] == (True,)
    assert not detail.replace("a", before, 1).result().changed
    assert detail.replace("a", before, 2).result().changed
    again = detail.replace("a", before, 2).result()
    assert (again.saved, again.changed) == (True, False)
    lost = detail.replace("a", before, 3).result()
    assert not lost.saved
    assert lost.now is not None
    assert lost.now.value == 2
    assert lost.last is not None
    assert lost.last.revision == lost.now.revision
    with open_store("local", "write") as store:
        store.delete("a")
    gone = detail.replace("a", before, 3).result()
    assert (gone.saved, gone.now) == (False, None)


def test_renaming_keeps_what_is_kept_out_of_history_out_of_it(detail: Detail) -> None:
    with open_store("local", "write") as store:
        store.set("key", "first")
        store.mark_secret("key")
        store.set("key", "second")
    detail.rename(entry("key"), "other").result()
    with open_store("local", "write") as store:
        assert store.get("other") == "second"
        store.set("other", "third")
        assert all(revision.secret for revision in store.revisions("other"))
        assert not store.exists("key")


def test_nothing_is_renamed_or_duplicated_onto_another_key_or_from_what_has_changed(detail: Detail) -> None:
    with open_store("local", "write") as store:
        store.set_many({"a": 1, "b": 2})
        before = store.entry("a")
        store.set("a", 3)
        revision = store.revision()
    for change in (detail.rename, detail.duplicate):
        with pytest.raises(Conflict, match="changed by somebody else"):
            change(before, "c").result()
        with pytest.raises(Conflict, match="there is a key 'b' already"):
            change(entry("a"), "b").result()
        with pytest.raises(InvalidKey):
            change(entry("a"), "x" * 5000).result()
    with pytest.raises(Conflict, match="changed by somebody else"):
        detail.restore(before, 1).result()
    with open_store("local", "write") as store:
        assert store.revision() == revision
        store.delete("a")
    with pytest.raises(Conflict, match="deleted meanwhile"):
        detail.duplicate(before, "c").result()


def test_as_many_revisions_are_read_as_can_be_held(base: Path) -> None:
    with open_store("local", "write") as store:
        for number in range(30):
            store.set("small", number)
        for number in range(4):
            store.set("large", str(number) * 5_000_000)
        assert [
            len(found) for found in (read_newest(store, "small", 2)[0], read_newest(store, "none", 0)[0])
        ] == [
            30,
            0,
        ]
        found, more = read_newest(store, "large", 5_000_000)
        assert (len(found), more) == (1, True)
