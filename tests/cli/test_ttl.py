"""Entries with a time to live, on the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import clock as clocks
from sloth_tui.store import open_store
from tests.cli.support import on_terminal, piped
from tests.store.manual_clock import ManualClock

if TYPE_CHECKING:
    from tests.cli.support import Result


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    """The clock of everything in this process that looks after this."""
    manual = ManualClock()
    monkeypatch.setattr(clocks, "SYSTEM_CLOCK", manual)
    return manual


def succeeds(result: Result) -> str:
    assert (result.code, result.err) == (0, "")
    return result.out


def run(*words: str) -> str:
    return succeeds(piped("state", *words))


def test_it_is_set_shown_and_over(clock: ManualClock) -> None:
    run("set", "key", "held", "--ttl", "2m")
    run("set", "stays", "1")
    assert run("ttl", "key") == "120.000\n"
    assert run("ttl", "stays") == ""
    clock.advance(59.5)
    assert run("ttl", "key") == "60.500\n"
    record = json.loads(run("show", "key", "-o", "json"))
    assert list(record)[-1] == "expires_at"
    assert record["expires_at"] == "2023-11-14T22:15:20.000Z"
    lines = [json.loads(line) for line in run("list", "-o", "jsonl").splitlines()]
    assert [line.get("expires_at") for line in lines] == ["2023-11-14T22:15:20.000Z", None]
    assert "expires_at" not in lines[1]
    assert run("show", "key").splitlines()[-2:] == ["expires\t2023-11-14T22:15:20.000Z", "value\theld"]
    assert run("list", "-o", "csv").splitlines()[0] == "key,value,type,created_at,updated_at,revision,size"
    clock.advance(60.5)
    assert piped("state", "get", "key").code == 3
    assert piped("state", "ttl", "key").code == 3
    assert json.loads(run("list", "-o", "json")) == {"stays": "1"}
    assert json.loads(run("stats", "-o", "json"))["total_keys"] == 1


def test_its_end_is_in_the_history_and_the_log_at_once(clock: ManualClock) -> None:
    run("set", "key", "held", "--ttl", "5")
    clock.advance(5)
    history = [json.loads(line) for line in run("history", "key", "-o", "jsonl").splitlines()]
    assert [history[0][name] for name in ("operation", "old", "author")] == ["delete", "held", "expired"]
    newest = json.loads(run("log", "-n", "1", "-o", "jsonl"))
    assert (newest["author"], newest["title"], newest["revisions"]) == ("expired", "time to live was over", 1)
    assert run("log", "--author", "expired").count("\n") == 1


def test_a_time_is_given_and_taken_later(clock: ManualClock) -> None:
    revision = json.loads((run("set", "key", "1"), run("show", "key", "-o", "json"))[1])["revision"]
    run("expire", "key", "1h")
    assert run("ttl", "key") == "3600.000\n"
    run("persist", "key")
    assert run("ttl", "key") == ""
    assert json.loads(run("show", "key", "-o", "json"))["revision"] == revision
    for words in (("expire", "other", "5"), ("persist", "other"), ("ttl", "other")):
        assert piped("state", *words) == (3, b"", b"error: no key 'other'\n")


@pytest.mark.parametrize(
    ("words", "left"),
    [
        (["--keep-ttl"], "6.000\n"),
        (["--if-value", "1"], "6.000\n"),
        (["--if-revision", "1"], "6.000\n"),
        (["--if-value", "1", "--ttl", "9"], "9.000\n"),
        (["--ttl", "0.5"], "0.500\n"),
        (["--secret", "--keep-ttl"], "6.000\n"),
        ([], ""),
        (["--secret"], ""),
    ],
    ids=" ".join,
)
def test_a_plain_set_takes_it_away(clock: ManualClock, words: list[str], left: str) -> None:
    run("set", "key", "1", "--ttl", "10")
    clock.advance(4)
    run("set", "key", "2", *words)
    assert run("ttl", "key") == left


def test_an_increment_keeps_it_and_begins_anew_after_it(clock: ManualClock) -> None:
    run("increment", "hits")
    run("expire", "hits", "60")
    assert run("increment", "hits", "4") == "5\n"
    assert run("ttl", "hits") == "60.000\n"
    clock.advance(60)
    assert run("increment", "hits") == "1\n"
    assert run("ttl", "hits") == ""


def test_past_its_time_it_can_be_set_if_absent(clock: ManualClock) -> None:
    run("set", "leader", "one", "--if-absent", "--ttl", "30")
    assert piped("state", "set", "leader", "two", "--if-absent", "--ttl", "30").code == 5
    clock.advance(30)
    run("set", "leader", "two", "--if-absent", "--ttl", "30")
    assert run("get", "leader") == "two\n"


def test_watch_reports_the_end_once_whoever_notices_it(clock: ManualClock) -> None:
    run("set", "key", "held", "--ttl", "5")
    clock.advance(5)
    for _ in range(2):
        line = json.loads(run("watch", "--since", "1", "-n", "1", "-o", "jsonl"))
        assert (line["revision"], line["operation"], line["author"]) == (2, "delete", "expired")
    assert run("watch", "--since", "1", "-n", "1").split("\t")[1:] == [
        "2",
        "expired",
        "key",
        "held",
        "(none)\n",
    ]
    with open_store("local") as store:
        assert store.revision() == 2


def test_wait_hears_of_the_end(clock: ManualClock) -> None:
    run("set", "key", "held", "--ttl", "5")
    clock.advance(5)
    run("wait", "key", "--absent", "--timeout", "60")
    run("set", "other", "held", "--ttl", "5")
    clock.advance(4)
    assert piped("state", "wait", "other", "--absent", "--timeout", "0").code == 4


def test_undo_and_rollback_say_that_what_they_restore_stays(clock: ManualClock) -> None:
    run("set", "key", "one", "--ttl", "50")
    run("set", "key", "two", "--ttl", "50")
    said = on_terminal("state", "undo")
    assert said.code == 0
    assert "1 key changed; 1 entry had a time to live, and now stays" in said.err
    assert (run("get", "key"), run("ttl", "key")) == ("one\n", "")
    run("expire", "key", "5")
    said = on_terminal("state", "rollback", "--to", "2", "--yes")
    assert "rolled back 1 key to revision 2; 1 entry had a time to live, and now stays" in said.err
    run("set", "plain", "1")
    assert "time to live" not in on_terminal("state", "undo").err


def test_undo_brings_back_what_expired_by_its_id_only(clock: ManualClock) -> None:
    run("set", "key", "held", "--ttl", "5")
    run("set", "other", "1")
    clock.advance(5)
    expired = json.loads(run("log", "-n", "1", "-o", "jsonl"))["id"]
    assert "took back 2, set other" in on_terminal("state", "undo").err
    said = on_terminal("state", "undo", expired)
    assert "1 key changed; 1 entry had a time to live, and now stays" in said.err
    assert (run("get", "key"), run("ttl", "key")) == ("held\n", "")


def test_another_agent_gets_the_time_that_is_left_with_the_whole_store(clock: ManualClock) -> None:
    run("set", "key", "held", "--ttl", "50")
    run("copy", "--prefix", "", "--to-store", "files", "--to-agent", "other")
    assert run("ttl", "key", "-a", "other") == "50.000\n"
