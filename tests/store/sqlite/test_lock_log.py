"""The log of locks in a database: how long it gets, and databases without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.store import open_path
from sloth_tui.store.sqlite.locks import lock_log
from tests.store.sqlite.others import run_other

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_oldest_acquisitions_are_forgotten(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock_log, "_KEPT", 5)
    with open_path(str(path), "write") as store:
        for number in range(9):
            store.acquire(f"x{number % 2}", str(number), 100)
            store.release(f"x{number % 2}", str(number))
        assert [use.holder for use in store.lock_history()] == ["8", "7", "6", "5", "4"]
        assert [use.holder for use in store.lock_history("x0")] == ["8", "6", "4"]


def test_a_lock_that_was_taken_without_a_log_is_released_and_the_next_one_is_in_it(path: Path) -> None:
    with open_path(str(path), "write") as store:
        store.acquire("old", "x", 100)
    run_other(path, "DROP TABLE sloth_lock_log")
    with open_path(str(path), "write") as store:
        assert store.lock_history() == []
        store.renew("old", "x", 200)
        store.release("old", "x")
        assert store.lock_history() == []
        store.acquire("new", "y", 100)
        assert [use.name for use in store.lock_history()] == ["new"]


def test_what_another_program_took_is_not_in_it_and_nothing_that_was_taken_before_is_held(path: Path) -> None:
    with open_path(str(path), "write") as store:
        store.acquire("job", "ours", 100)
    run_other(
        path,
        "DELETE FROM locks",
        "INSERT INTO locks (name, holder, expires_at) VALUES ('job', 'theirs', datetime('now', '+1 hour'))",
    )
    with open_path(str(path)) as store:
        held = store.lock("job")
        assert held is not None
        assert held.holder == "theirs"
        [use] = store.lock_history()
        assert (use.holder, use.end) == ("ours", "expired")
