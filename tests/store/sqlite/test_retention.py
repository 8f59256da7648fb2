"""History is kept within the settings, without anybody asking for it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import HistoryPruned, InvalidConfig
from sloth_tui.model import Origin
from sloth_tui.store import open_path
from sloth_tui.store.sqlite.entries import retention
from tests.store.sqlite.others import make_ours, run_other

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


LONG_AGO = "UPDATE sloth_history SET at = at - 91 * 86400000"


OPENED_LONG_AGO = "UPDATE sloth_changes SET at = at - 91 * 86400000, pid = -1"
SWEEP_AGAIN = "DELETE FROM sloth_meta WHERE name = 'swept_at'"


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let revisions be forgotten that were written a moment ago."""
    monkeypatch.setattr(retention, "SETTLED_MS", 0)


def configure(base: Path, text: str) -> None:
    base.mkdir(parents=True)
    (base / "config.toml").write_text(text)


@pytest.mark.usefixtures("settled")
def test_the_setting_says_how_many_revisions_of_a_key_are_kept(path: Path, base: Path) -> None:
    configure(base, "[history]\nkeep = 3\n")
    with open_path(str(path), "write") as store:
        for number in range(100):
            store.set("key", number)
        assert 3 <= len(list(store.revisions("key"))) < 30


@pytest.mark.usefixtures("settled")
def test_one_write_a_process_is_enough_to_forget(path: Path, base: Path) -> None:
    configure(base, "[history]\nkeep = 3\n")
    for number in range(10):
        with open_path(str(path), "write") as store:
            store.set("key", number)
            assert len(list(store.revisions("key"))) == min(number + 1, 3)


@pytest.mark.usefixtures("settled")
def test_keys_written_in_turn_are_all_kept_within_limits(path: Path, base: Path) -> None:
    """Whatever the period, no key is always the one that is not looked at."""
    configure(base, "[history]\nkeep = 3\n")
    with open_path(str(path), "write") as store:
        for period in (2, 3, 5, 7, 8, 13):
            with store.transaction():
                for number in range(100 * period):
                    store.set(f"{period}:{number % period}", number)
            lengths = [len(list(store.revisions(key))) for key in store.keys(f"{period}:")]
            assert len(lengths) == period
            assert max(lengths) < 40


@pytest.mark.usefixtures("settled")
def test_a_key_written_often_does_not_grow_without_end(path: Path) -> None:
    with open_path(str(path), "write") as store:
        for number in range(400):
            store.set("busy", number)
            if number % 100 == 0:
                store.set("quiet", number)
        kept = [change.new for change in store.revisions("busy")]
        assert kept == list(range(399, 399 - len(kept), -1))
        assert 50 <= len(kept) <= 100
        assert len(list(store.revisions("quiet"))) == 4


def test_what_was_written_a_moment_ago_is_kept_for_those_who_follow(path: Path, base: Path) -> None:
    configure(base, "[history]\nkeep = 3\n")
    with open_path(str(path), "write") as store:
        for number in range(100):
            store.set("key", number)
        assert [change.new for change in store.follow(0)] == list(range(100))
    run_other(path, "UPDATE sloth_history SET at = at - 11000")
    with open_path(str(path), "write") as store:
        for number in range(100, 120):
            store.set("key", number)
        with pytest.raises(HistoryPruned):
            store.follow(0)


def test_a_bad_setting_is_told_by_the_first_write(path: Path, base: Path) -> None:
    make_ours(path)
    configure(base, "[history]\nkeep = 'many'\n")
    with open_path(str(path), "write") as store:
        with pytest.raises(InvalidConfig, match=r"history\.keep"):
            store.set("key", "new")
        assert store.get("key") == "value"


def test_closing_forgets_what_was_deleted_long_ago(path: Path) -> None:
    with open_path(str(path), "write") as store:
        store.set_many({"gone": 1, "again": 1, "there": 1})
        store.delete_many(["gone", "again"])
        store.set("again", 2)
    run_other(path, LONG_AGO, SWEEP_AGAIN)
    with open_path(str(path), "write") as store:
        assert len(list(store.revisions("gone"))) == 2
        store.set("there", 2)
    with open_path(str(path)) as store:
        assert list(store.revisions("gone")) == []
        assert [change.old for change in store.revisions("again")] == [None, 1, None]
        assert [change.new for change in store.revisions("there")] == [2, 1]


def test_it_is_swept_at_most_once_an_hour(path: Path) -> None:
    with open_path(str(path), "write") as store:
        store.set("gone", 1)
        store.delete("gone")
    run_other(path, LONG_AGO)
    for hours, left in ((0.5, 2), (0.6, 0)):
        run_other(
            path, f"UPDATE sloth_meta SET value = value - {int(hours * 3600000)} WHERE name = 'swept_at'"
        )
        with open_path(str(path), "write") as store:
            store.increment("n")
        with open_path(str(path)) as store:
            assert len(list(store.revisions("gone"))) == left


def test_change_sets_go_with_their_last_revision(path: Path) -> None:
    for number in range(5):
        with open_path(str(path), "write") as store:
            store.set("key", number)
    run_other(path, LONG_AGO, OPENED_LONG_AGO)
    with open_path(str(path), "write") as store:
        store.prune(keep=2, keep_deleted_days=90)
        assert [change.origin is None for change in store.revisions("key")] == [False, False]
    assert run_other(path, "SELECT count(*) FROM sloth_changes") == [[2]]


@pytest.mark.usefixtures("settled")
def test_a_key_that_comes_and_goes_is_kept_within_limits(path: Path, base: Path) -> None:
    configure(base, "[history]\nkeep = 3\n")
    with open_path(str(path), "write") as store:
        for number in range(100):
            store.set("flag", number)
            store.delete("flag")
        assert 3 <= len(list(store.revisions("flag"))) < 50
    for number in range(10):
        with open_path(str(path), "write") as store:
            store.set("flag", number)
            assert len(list(store.revisions("flag"))) == 3
            store.delete("flag")


@pytest.mark.usefixtures("settled")
def test_a_process_that_closes_its_handle_sweeps_up_after_programs_that_keep_everything(path: Path) -> None:
    make_ours(path)
    updates = [("UPDATE state SET value = ?", str(number)) for number in range(700)]
    run_other(path, *updates, SWEEP_AGAIN)
    for left in (701 - 256, 701 - 512, 50, 50):
        with open_path(str(path), "write") as store:
            store.increment("another")
        with open_path(str(path)) as store:
            kept = list(store.revisions("key"))
        assert len(kept) == left
        assert (kept[0].new, kept[0].old) == ("699", "698")


def test_deletions_are_swept_until_none_is_left_over(path: Path) -> None:
    keys = [f"key:{number}" for number in range(600)]
    with open_path(str(path), "write") as store:
        store.set_many(dict.fromkeys(keys, 1))
        store.delete_prefix("")
    run_other(path, LONG_AGO, SWEEP_AGAIN)
    for left in (344, 88, 0):
        with open_path(str(path), "write") as store:
            store.increment("another")
        with open_path(str(path)) as store:
            assert sum(1 for key in keys if list(store.revisions(key))) == left


def test_many_change_sets_are_swept_but_those_that_tell_something(path: Path) -> None:
    with open_path(str(path), "write") as store:
        store.set("key", "value")
        store.acquire("deploy", "me", 30)
        store.set_origin(Origin("user", "host", 1, "sloth-runner", "lock break"))
        store.break_lock("deploy")
    spare = (
        "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) "
        "INSERT INTO sloth_changes (at, first_revision, pid) SELECT 0, 1, iif(i = 7, ?, -1) FROM n"
    )
    run_other(path, (spare, os.getpid()), OPENED_LONG_AGO.replace(", pid = -1", ""), SWEEP_AGAIN)
    with open_path(str(path), "write") as store:
        store.increment("another")
    with open_path(str(path)) as store:
        assert all(change.origin for change in store.revisions_since(0))
        assert [broken.origin and broken.origin.title for broken in store.lock_breaks()] == ["lock break"]
    assert run_other(path, "SELECT count(*) FROM sloth_changes") == [[4]]


@pytest.mark.usefixtures("settled")
def test_a_key_that_another_program_wrote_without_end_loses_its_oldest_step_by_step(path: Path) -> None:
    with open_path(str(path), "write") as store:
        store.set("older", 1)
    make_ours(path)
    written = 6000
    run_other(path, *[("UPDATE state SET value = ? WHERE key = 'key'", str(n)) for n in range(written)])
    with open_path(str(path), "write") as store:
        store.set("key", "ours")
        kept = list(store.revisions("key"))
        assert len(kept) == 1 + written + 1 - 256
        assert kept[0].new == "ours"
        assert kept[-1].old == str(254)
        assert len(list(store.revisions("older"))) == 1


def test_very_many_revisions_are_kept_where_the_setting_says_so(path: Path, base: Path) -> None:
    configure(base, "[history]\nkeep = 100000\n")
    with open_path(str(path), "write") as store, store.transaction():
        for number in range(600):
            store.set("key", number)
    with open_path(str(path)) as store:
        assert len(list(store.revisions("key"))) == 600
