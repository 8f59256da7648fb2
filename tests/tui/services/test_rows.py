"""The thread that finds the rows of the key table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.model import Query
from sloth_tui.store import open_store
from sloth_tui.tui.messages import KeyLocated, PageLoaded, RowsChanged, RowsIndexed, StoreFailed
from sloth_tui.tui.services.rows import Rows
from tests.tui.services.inbox import Inbox
from tests.tui.state import elsewhere

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def rows(base: Path, inbox: Inbox) -> Iterator[Rows]:
    with open_store("local", "write") as store:
        store.set_many({f"key:{number:03}": number for number in range(300)})
    rows = Rows(inbox)
    rows.start()
    yield rows
    rows.stop()


def complete(inbox: Inbox, generation: int) -> RowsIndexed:
    return inbox.wait_for(RowsIndexed, lambda message: message.complete and message.generation == generation)


def test_the_first_rows_come_with_the_answer_and_others_page_by_page(rows: Rows, inbox: Inbox) -> None:
    generation = rows.show("local", Query())
    assert complete(inbox, generation).count == 300
    first = inbox.of(RowsIndexed)[0]
    assert [row and row.key for row in first.rows[:2]] == ["key:000", "key:001"]
    rows.load(generation, 298, 2)
    page = inbox.wait_for(PageLoaded)
    assert [row and row.key for row in page.rows] == ["key:298", "key:299"]


def test_a_newer_query_makes_the_pages_of_the_older_one_void(rows: Rows, inbox: Inbox) -> None:
    old = rows.show("local", Query())
    new = rows.show("local", Query(key="29"))
    assert complete(inbox, new).count == 13
    rows.load(old, 0, 1)
    rows.load(new, 0, 1)
    page = inbox.wait_for(PageLoaded)
    assert (page.generation, [row and row.key for row in page.rows]) == (new, ["key:029"])


def test_a_change_is_followed_with_the_place_of_the_key_under_the_cursor(rows: Rows, inbox: Inbox) -> None:
    complete(inbox, rows.show("local", Query()))
    rows.follow("key:010")
    elsewhere("open_store('local', 'write').__enter__().set_many({'a': 1, 'b': 2})")
    rows.update()
    changed = inbox.wait_for(RowsChanged, lambda message: message.count == 302)
    assert (changed.key, changed.position) == ("key:010", 12)


def test_a_key_is_located_or_is_not_there(rows: Rows, inbox: Inbox) -> None:
    generation = rows.show("local", Query(key="1"))
    complete(inbox, generation)
    rows.find("key:002")
    assert inbox.wait_for(KeyLocated).position is None
    rows.find("key:010")
    located = inbox.wait_for(KeyLocated, lambda message: message.key == "key:010")
    assert (located.agent, located.generation, located.position) == ("local", generation, 1)


def test_while_hidden_no_key_is_looked_for(rows: Rows, inbox: Inbox) -> None:
    complete(inbox, rows.show("local", Query()))
    rows.hide()
    rows.find("key:002")
    complete(inbox, rows.show("local", Query()))
    rows.find("key:010")
    inbox.wait_for(KeyLocated, lambda message: message.key == "key:010")
    assert len(inbox.of(KeyLocated)) == 1


def test_lookups_are_answered_from_the_newest_query(rows: Rows, inbox: Inbox) -> None:
    complete(inbox, rows.show("local", Query(key="29")))
    assert len(rows.lookups.keys(100).result()) == 13
    assert rows.lookups.existing(["key:001", "none"]).result() == {"key:001"}


def test_a_file_that_is_no_database_is_posted(rows: Rows, inbox: Inbox, base: Path) -> None:
    (base / "state" / "broken.db").write_bytes(b"this is not a database" * 99)
    rows.show("broken", Query())
    assert inbox.wait_for(StoreFailed).agent == "broken"
    complete(inbox, rows.show("local", Query()))
