"""All services together, without a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import LockNotFound, NotWritable
from sloth_tui.model import Query
from sloth_tui.settings import Settings
from sloth_tui.store import open_store
from sloth_tui.tui.messages import EntryRead, RowsIndexed, StoreOpened
from sloth_tui.tui.services import Services
from tests.tui.services.inbox import Inbox
from tests.tui.state import elsewhere

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def services(base: Path, inbox: Inbox) -> Iterator[Services]:
    with open_store("local", "write") as store:
        store.set_many({"app:a": 1, "app:b": 2, "z": 3})
        store.acquire("deploy", "ci", 3600)
    services = Services(inbox, Settings(), read_only=False)
    services.start("local", Query())
    yield services
    services.stop()


def test_single_questions_are_answered_by_futures(services: Services) -> None:
    assert services.lookups.entry("z").result().value == 3
    assert services.lookups.values(["z", "none", "app:a"]).result() == {"z": 3, "app:a": 1}
    assert services.lookups.sample("app:", 1).result() == (2, ["app:a"])
    assert services.lookups.keys_like("app", 9).result() == ["app:a", "app:b"]


def test_the_entry_on_screen_is_followed_until_it_is_gone(services: Services, inbox: Inbox) -> None:
    services.show_entry("z")
    inbox.wait_for(EntryRead, lambda read: read.entry is not None and read.entry.value == 3)
    elsewhere("open_store('local', 'write').__enter__().delete('z')")
    assert inbox.wait_for(EntryRead, lambda read: read.entry is None).key == "z"


def test_an_agent_that_is_chosen_answers_from_then_on(services: Services, inbox: Inbox) -> None:
    with open_store("web", "write") as store:
        store.set("of:web", 1)
    services.choose_agent("web")
    inbox.wait_for(StoreOpened, lambda opened: opened.agent == "web")
    generation = services.show_rows(Query(), afresh=True)
    found = inbox.wait_for(RowsIndexed, lambda found: found.generation == generation and found.complete)
    assert found.count == 1
    assert services.lookups.values(["of:web", "z"]).result() == {"of:web": 1}


def test_a_lock_is_broken_once(services: Services) -> None:
    assert services.break_lock("deploy").result().holder == "ci"
    with pytest.raises(LockNotFound):
        services.break_lock("deploy").result()


def test_nothing_is_run_or_changed_where_nothing_may_be(base: Path) -> None:
    services = Services(Inbox(), Settings(), read_only=True)
    services.start("local", Query())
    for ask in (
        services.check_writable,
        lambda: services.run_file("a.lua"),
        lambda: services.break_lock("x"),
    ):
        with pytest.raises(NotWritable):
            ask()
    assert not services.running
    assert not services.stop_run()
    services.stop()
