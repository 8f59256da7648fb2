"""Changes are made one after the other."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import KeyNotFound, NotWritable
from sloth_tui.store import open_store
from sloth_tui.tui.services.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def after() -> list[str]:
    return []


@pytest.fixture
def writer(base: Path, after: list[str]) -> Iterator[Writer]:
    writer = Writer(read_only=False, after=lambda: after.append("looked"))
    yield writer
    writer.stop()


def test_a_change_is_recorded_under_its_title_and_looked_for(writer: Writer, after: list[str]) -> None:
    assert writer.submit("web", "set a", lambda store: store.set("a", 1)).result() == 1
    assert after == ["looked"]
    with open_store("web", "read") as store:
        assert store.get("a") == 1
        origin = next(iter(store.change_sets())).origin
    assert origin is not None
    assert (origin.program, origin.title) == ("sloth-tui", "set a")


def test_changes_wait_for_those_before_them(writer: Writer) -> None:
    go_on = Event()
    first = writer.call(lambda: go_on.wait(60))
    second = writer.submit("local", "count", lambda store: store.count())
    assert not second.done()
    go_on.set()
    assert first.result()
    assert second.result() == 0


def test_errors_of_the_store_come_by_the_future(writer: Writer, after: list[str]) -> None:
    with pytest.raises(KeyNotFound):
        writer.submit("local", "look", lambda store: store.entry("none")).result()
    assert after == []


def test_nothing_is_written_where_nothing_may_be(base: Path) -> None:
    writer = Writer(read_only=True)
    with pytest.raises(NotWritable, match="read-only"):
        writer.submit("local", "set a", lambda store: store.set("a", 1))
    with pytest.raises(NotWritable):
        writer.call(lambda: 1)
    writer.stop()
    assert not base.exists()
