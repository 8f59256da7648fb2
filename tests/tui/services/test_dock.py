"""The data of the dock, as it is posted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.model import Stats
from sloth_tui.store import open_store
from sloth_tui.tui.messages import LocksRead, LogRead, SurveyRead, TabRead, WritesCounted
from sloth_tui.tui.services.dock import READS, DockFigures
from sloth_tui.tui.services.reader import Reader
from tests.tui.services.inbox import Inbox
from tests.tui.state import elsewhere

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def figures(base: Path, inbox: Inbox) -> Iterator[DockFigures]:
    with open_store("local", "write") as store:
        store.set_many({"app:a": 1, "app:b": "long " * 99, "z": 2})
        store.acquire("deploy", "ci", 3600)
    reader = Reader(inbox, ("writes", *READS, "survey"))
    reader.choose("local")
    reader.start()
    yield DockFigures(reader, inbox)
    reader.stop()


def test_every_tab_is_read_and_writes_are_counted(figures: DockFigures, inbox: Inbox) -> None:
    figures.start("locks")
    read = {tab: inbox.wait_for(TabRead, lambda message, tab=tab: message.tab == tab).read for tab in READS}  # type: ignore[misc]
    assert isinstance(read["locks"], LocksRead)
    assert [lock.name for lock in read["locks"].locks] == ["deploy"]
    assert isinstance(read["log"], LogRead)
    assert read["log"].complete
    assert [change_set.revisions for change_set in read["log"].change_sets] == [3]
    assert isinstance(read["stats"], Stats)
    assert read["stats"].total_keys == 3
    assert inbox.wait_for(WritesCounted).revision == 3
    assert not inbox.of(SurveyRead)


def test_a_lock_that_another_program_takes_is_posted(figures: DockFigures, inbox: Inbox) -> None:
    figures.start("stats")
    elsewhere("open_store('local', 'write').__enter__().acquire('backup', 'cron', 60)")

    def lists_both(message: TabRead) -> bool:
        read = message.read
        return isinstance(read, LocksRead) and [lock.name for lock in read.locks] == ["backup", "deploy"]

    inbox.wait_for(TabRead, lists_both)


def test_keys_are_surveyed_only_while_the_figures_are_on_screen(figures: DockFigures, inbox: Inbox) -> None:
    figures.start("log")
    figures.look_at("stats")
    last = inbox.wait_for(SurveyRead, lambda message: len(message.survey.top_entries) == 3).survey
    assert [(group.prefix, group.keys) for group in last.groups] == [("app:", 2)]
    assert last.complete
    assert last.top_entries["largest"][0].key == "app:b"
    steps = [sorted(message.survey.top_entries) for message in inbox.of(SurveyRead)[:4]]
    assert steps == [[], ["largest"], ["largest", "newest"], ["largest", "newest", "oldest"]]
