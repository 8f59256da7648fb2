"""Databases are made, copied and deleted in the queue of changes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import NotWritable, SlothError
from sloth_tui.store import open_store
from sloth_tui.tui.services.databases import Databases, has_store
from sloth_tui.tui.services.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def writer(base: Path) -> Iterator[Writer]:
    writer = Writer(read_only=False)
    yield writer
    writer.stop()


def test_a_database_is_created_copied_and_deleted_with_a_backup(writer: Writer) -> None:
    databases = Databases(writer)
    assert not has_store("web")
    path = databases.create("web").result()
    assert os.path.exists(path)
    assert has_store("web")
    with open_store("web", "write") as store:
        store.set("a", 1)
    steps: list[tuple[int, int]] = []
    databases.duplicate("web", "copy", lambda done, total: steps.append((done, total))).result()
    with open_store("copy", "read") as store:
        assert store.get("a") == 1
    assert steps
    assert steps[-1][0] == steps[-1][1] > 0
    backup = databases.remove("web").result()
    assert backup.startswith(databases.place_of_backups())
    assert os.path.exists(backup)
    assert not has_store("web")


def test_a_name_that_is_taken_is_refused_by_the_future(writer: Writer) -> None:
    databases = Databases(writer)
    databases.create("web").result()
    with pytest.raises(SlothError, match="web"):
        databases.create("web").result()


def test_nothing_is_queued_if_nothing_may_be_changed(base: Path) -> None:
    writer = Writer(read_only=True)
    databases = Databases(writer)
    with pytest.raises(NotWritable):
        databases.create("web")
    with pytest.raises(NotWritable):
        databases.remove("web")
    assert not has_store("web")
    writer.stop()
