"""The thread that reads the store of the agent on screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import DatabaseUnusable, KeyNotFound
from sloth_tui.store import open_store
from sloth_tui.tui.messages import StoreFailed, StoreOpened, ThreadDied, UpdatesPending
from sloth_tui.tui.services.reader import Reader
from tests.support import wait_until
from tests.tui.services.inbox import Inbox
from tests.tui.state import elsewhere

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sloth_tui.store.port import Store


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def reader(base: Path, inbox: Inbox) -> Iterator[Reader]:
    with open_store("local", "write") as store:
        store.set("a", 1)
    reader = Reader(inbox, ("urgent", "rest"))
    reader.choose("local")
    reader.start()
    yield reader
    reader.stop()


def test_opening_is_posted_and_a_call_answered_from_that_store(reader: Reader, inbox: Inbox) -> None:
    opened = inbox.wait_for(StoreOpened)
    assert (opened.agent, opened.exists) == ("local", True)
    assert reader.call(lambda store: store.get("a")).result() == 1
    with pytest.raises(KeyNotFound):
        reader.call(lambda store: store.entry("none")).result()


def test_a_subscription_is_answered_at_once_and_after_a_change_of_another_program(reader: Reader) -> None:
    answers: list[object] = []
    reader.watch("rest", lambda store: answers.append(store.get("a")))
    wait_until(lambda: answers == [1])
    elsewhere("open_store('local', 'write').__enter__().set('a', 2)")
    wait_until(lambda: answers[-1] == 2)
    reader.unwatch("rest")
    elsewhere("open_store('local', 'write').__enter__().set('a', 3)")
    assert reader.call(lambda store: store.get("a")).result() == 3
    assert answers[-1] == 2


def test_a_pause_is_ended_by_what_waited(reader: Reader, inbox: Inbox) -> None:
    answers: list[object] = []
    reader.watch("rest", lambda store: answers.append(store.get("a")))
    wait_until(lambda: answers == [1])
    reader.pause(True)
    elsewhere("open_store('local', 'write').__enter__().set('a', 2)")
    inbox.wait_for(UpdatesPending)
    assert answers == [1]
    reader.pause(False)
    wait_until(lambda: answers[-1] == 2)


def test_another_agent_answers_subscriptions_from_its_own_store(reader: Reader, inbox: Inbox) -> None:
    with open_store("web", "write") as store:
        store.set("a", "of web")
    answers: list[object] = []
    reader.watch("rest", lambda store: answers.append(store.get("a")))
    wait_until(lambda: answers == [1])
    reader.choose("web")
    wait_until(lambda: answers == [1, "of web"])
    inbox.wait_for(StoreOpened, lambda message: message.agent == "web")


def test_a_file_that_is_no_database_is_posted_and_calls_say_so(
    reader: Reader, inbox: Inbox, base: Path
) -> None:
    (base / "state" / "broken.db").write_bytes(b"this is not a database" * 99)
    inbox.wait_for(StoreOpened)
    reader.choose("broken")
    assert "broken" in inbox.wait_for(StoreFailed).message
    with pytest.raises(DatabaseUnusable, match="there is no store to read"):
        reader.call(lambda store: store.count()).result()
    (base / "state" / "broken.db").unlink()
    reader.choose("local")
    wait_until(lambda: len(inbox.of(StoreOpened)) == 2)
    assert reader.call(lambda store: store.count()).result() == 1


def test_a_bug_in_a_subscription_ends_the_app(reader: Reader, inbox: Inbox) -> None:
    def read(store: Store) -> None:
        raise ZeroDivisionError

    reader.watch("urgent", read)
    assert isinstance(inbox.wait_for(ThreadDied).error, ZeroDivisionError)
