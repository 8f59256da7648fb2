"""What the server did, and could not tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import DatabaseUnusable, LockHeld
from sloth_tui.store.s3.writing import sending
from tests.servers.imitations import between
from tests.support import rounds

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.s3 import Bucket
    from tests.store.s3.conftest import OpenS3


def once(decide: Callable[[str, str], bool]) -> Callable[[str, str], bool]:
    left = [1]

    def decides(method: str, path: str) -> bool:
        if left[0] and decide(method, path):
            left[0] -= 1
            return True
        return False

    return decides


def is_snapshot(method: str, path: str) -> bool:
    return method == "PUT" and path.endswith(".db")


def test_a_change_whose_answer_was_lost_is_made_once(server: Bucket, open_s3: OpenS3) -> None:
    with between(server.endpoint) as (url, decides):
        store = open_s3(server.fresh(url))
        for number in range(1, rounds(4, 50)):
            decides.loses_answer = once(is_snapshot)
            assert store.increment("n") == number
        assert [found.new for found in store.revisions("n")] == list(range(rounds(4, 50) - 1, 0, -1))


def test_it_is_made_once_even_if_another_change_followed_it(server: Bucket, open_s3: OpenS3) -> None:
    with between(server.endpoint) as (url, decides):
        address = server.fresh(url)
        store, other = open_s3(address), open_s3(address.replace(url, server.endpoint), machine="other")
        store.set("n", 0)

        def lose(method: str, path: str) -> bool:
            if not is_snapshot(method, path):
                return False
            other.increment("n", 10)
            return True

        decides.loses_answer = once(lose)
        assert store.increment("n") == 1
        assert (store.get("n"), other.get("n")) == (11, 11)
        assert store.increment("n") == 12


def test_a_change_that_did_not_arrive_is_sent_again(server: Bucket, open_s3: OpenS3) -> None:
    with between(server.endpoint) as (url, decides):
        store = open_s3(server.fresh(url))
        for number in (1, 2):
            decides.loses_request = once(is_snapshot)
            assert store.increment("n") == number
        with store.transaction():
            decides.loses_answer = once(is_snapshot)
            store.increment("n")
        assert store.get("n") == 3


@pytest.mark.parametrize("status", [409, 500, 503])
def test_a_server_that_is_busy_is_asked_again(server: Bucket, open_s3: OpenS3, status: int) -> None:
    with between(server.endpoint) as (url, decides):
        store = open_s3(server.fresh(url))
        store.set("n", 0)
        busy = once(is_snapshot)
        decides.answers = lambda method, path: status if busy(method, path) else 0
        assert store.increment("n") == 1
        lost = once(lambda method, path: method == "GET" and path.endswith(".db"))
        decides.answers = lambda method, path: status if lost(method, path) else 0
        assert store.get("n") == 1


def test_what_stays_unknown_is_told(server: Bucket, open_s3: OpenS3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "PATIENCE_SECONDS", 0.3)
    with between(server.endpoint) as (url, decides):
        store = open_s3(server.fresh(url))
        store.set("n", 0)
        decides.loses_request = is_snapshot
        with pytest.raises(DatabaseUnusable, match=r"it is not known whether the change was made$") as told:
            store.increment("n")
        assert told.value.exit_code == 7
        decides.loses_request = lambda method, path: False
        assert store.increment("n") == 1


def is_lock(method: str, path: str) -> bool:
    return method == "PUT" and "/locks/" in path


def test_a_lock_whose_answer_was_lost_is_held_once(server: Bucket, open_s3: OpenS3) -> None:
    with between(server.endpoint) as (url, decides):
        address = server.fresh(url)
        store, other = open_s3(address), open_s3(address, machine="other")
        for token in range(1, rounds(3, 20)):
            decides.loses_answer = once(is_lock)
            assert store.acquire("deploy", "task-1", 60).token == token
            with pytest.raises(LockHeld):
                other.acquire("deploy", "task-2", 60)
            decides.loses_answer = once(is_lock)
            assert store.renew("deploy", "task-1", 60).token == token
            decides.loses_request = once(is_lock)
            store.release("deploy", "task-1")
        assert other.locks() == []


def test_no_lock_object_is_ever_deleted(server: Bucket, open_s3: OpenS3) -> None:
    with between(server.endpoint) as (url, decides):
        store = open_s3(server.fresh(url))
        for _ in range(2):
            store.acquire("deploy", "task-1", 60)
            store.release("deploy", "task-1")
            store.acquire("deploy", "task-1", 60)
            store.break_lock("deploy")
            with store.transaction():
                store.set("key", 1)
        deleted = [path for method, path in decides.requests if method not in ("GET", "HEAD", "PUT")]
        assert len(deleted) == 1, "the probe of the server"
