"""Pages of rows are read on a thread of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from sloth_tui.errors import DatabaseUnusable
from sloth_tui.model import Row
from sloth_tui.tui.messages import PageLoaded, ThreadDied
from sloth_tui.tui.services.page_reader import PageReader
from tests.support import wait_until
from tests.tui.services.inbox import Inbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.errors import SlothError
    from sloth_tui.store.port import Window


class FakeWindow:
    """Has rows for generation 2; reading page 13 fails, and page 14 is a bug."""

    def page(self, generation: int, first: int, count: int) -> list[Row | None] | None:
        if first == 13:
            raise DatabaseUnusable("the database is damaged")
        if first == 14:
            raise ZeroDivisionError
        return [Row(f"key {first + n}", "", "string", 0, None, None) for n in range(count)]


WINDOW = cast("Window", FakeWindow())


class Pages:
    def __init__(self) -> None:
        self.inbox = Inbox()
        self.failures: list[tuple[Window, SlothError]] = []
        self.reader = PageReader(
            self.inbox,
            lambda generation: WINDOW if generation == 2 else None,
            lambda window, error: self.failures.append((window, error)),
        )


@pytest.fixture
def pages() -> Iterator[Pages]:
    pages = Pages()
    yield pages
    pages.reader.stop()


def test_a_page_is_posted_with_its_generation_and_place(pages: Pages) -> None:
    pages.reader.load(2, 40, 2)
    loaded = pages.inbox.wait_for(PageLoaded)
    assert (loaded.generation, loaded.first) == (2, 40)
    assert [row and row.key for row in loaded.rows] == ["key 40", "key 41"]


def test_pages_of_void_generations_are_not_read(pages: Pages) -> None:
    pages.reader.load(1, 0, 1)
    pages.reader.load(2, 5, 1)
    pages.inbox.wait_for(PageLoaded)
    assert [message.first for message in pages.inbox.of(PageLoaded)] == [5]


def test_errors_of_the_store_are_handed_on_with_their_window(pages: Pages) -> None:
    pages.reader.load(2, 13, 1)
    wait_until(lambda: pages.failures)
    ((window, error),) = pages.failures
    assert window is WINDOW
    assert error.message == "the database is damaged"


def test_a_bug_ends_the_app(pages: Pages) -> None:
    pages.reader.load(2, 14, 1)
    assert isinstance(pages.inbox.wait_for(ThreadDied).error, ZeroDivisionError)


def test_nothing_is_read_once_it_is_stopped(pages: Pages) -> None:
    pages.reader.stop()
    pages.reader.load(2, 0, 1)
    assert pages.inbox.messages == []
