"""``run --undo-on-failure``: the changes of a failed run are undone and reported."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_store
from tests.cli.support import piped
from tests.runner.support import within_limits
from tests.support import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from sloth_tui.model import Value

pytestmark = pytest.mark.slow


WRITING = """
task({name = "writes", run = function()
  state.set("version", "v2")
  state.set("new", {1, 2})
  state.delete("old")
  state.increment("count")
end})
task({name = "ends", run = function() %s end})
"""
BEFORE: dict[str, Value] = {"version": "v1", "old": b"\xff", "count": 4}


def run(tmp_path: Path, ending: str, *words: str) -> list[str]:
    """The words of a run on a store that holds ``BEFORE``."""
    with open_store("local", "write") as store:
        store.set_many(BEFORE)
    path = tmp_path / "deploy.lua"
    path.write_text(WRITING % ending)
    return ["run", str(path), "--undo-on-failure", *words]


def held() -> dict[str, Value]:
    with open_store("local") as store:
        return dict(store.items())


def test_a_failed_run_is_taken_back_and_says_which_keys(tmp_path: Path) -> None:
    result = piped(*run(tmp_path, 'error("no")'))
    assert (result.code, result.err) == (20, "error: 1 task failed\n")
    assert sorted(line for line in result.out.splitlines() if line.startswith("took back ")) == [
        "took back count: 5 -> 4",
        "took back new: [1,2] -> absent",
        'took back old: absent -> {"base64":"/w=="}',
        'took back version: "v2" -> "v1"',
    ]
    assert held() == BEFORE


def test_it_is_an_undo_that_can_be_undone(tmp_path: Path) -> None:
    piped(*run(tmp_path, 'error("no")'))
    with open_store("local") as store:
        change = store.newest_change_set()
    assert change.origin is not None
    assert change.origin.title.startswith("undo ")
    assert piped("state", "undo").code == 0
    assert held() == {"version": "v2", "new": [1, 2], "count": 5}


def test_a_run_that_works_is_left_alone(tmp_path: Path) -> None:
    result = piped(*run(tmp_path, ""))
    assert (result.code, result.err) == (0, "")
    assert "took back" not in result.out
    assert held() == {"version": "v2", "new": [1, 2], "count": 5}


def test_a_run_that_takes_too_long_is_taken_back(tmp_path: Path) -> None:
    words = run(tmp_path, 'print("wrote") while true do end', "--timeout")
    result = within_limits(lambda seconds: piped(*words, seconds), lambda done: "wrote" in done.out)
    assert result.code == 124
    assert held() == BEFORE


def test_a_worker_that_is_killed_is_taken_back(tmp_path: Path) -> None:
    result = piped(*run(tmp_path, 'state.set("last", 1) cmd("kill -9 $PPID")'))
    assert result.code == 20
    assert "took back last: 1 -> absent" in result.out.splitlines()
    assert held() == BEFORE


def test_a_run_that_is_stopped_is_taken_back(tmp_path: Path) -> None:
    words = run(tmp_path, 'state.set("began", true) while true do end')
    with subprocess.Popen(
        [sys.executable, "-m", "sloth_tui", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        wait_until(lambda: "began" in held(), what="the run wrote all it will")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 143
    assert held() == BEFORE


def test_jsonl_tells_of_it_before_the_run_is_finished(tmp_path: Path) -> None:
    result = piped(*run(tmp_path, 'error("no")', "-o", "jsonl"))
    found = [json.loads(line) for line in result.out.splitlines()]
    assert [event["event"] for event in found[-5:]] == ["key_restored"] * 4 + ["run_finished"]
    assert {event["key"]: (event["old"], event["new"]) for event in found[-5:-1]} == {
        "count": (5, 4),
        "new": ([1, 2], None),
        "old": (None, {"base64": "/w=="}),
        "version": ("v2", "v1"),
    }


def test_what_somebody_changed_meanwhile_is_refused_in_words(tmp_path: Path) -> None:
    interference = f'cmd("{sys.executable} -m sloth_tui state set version other") error("no")'
    result = piped(*run(tmp_path, interference))
    assert result.code == 20
    warnings = [line for line in result.out.splitlines() if "not taken back" in line]
    assert len(warnings) == 1
    assert "changed since: version; state undo " in warnings[0]
    assert held() == {"version": "other", "new": [1, 2], "count": 5}
    identity = warnings[0].split("state undo ")[1].split()[0]
    assert piped("state", "undo", identity, "--force").code == 0
    assert held() == BEFORE


def test_a_run_that_wrote_nothing_has_nothing_to_take_back(tmp_path: Path) -> None:
    path = tmp_path / "idle.lua"
    path.write_text('task({name = "idle", run = function() state.set("version", "v1") error("no") end})')
    piped("state", "set", "version", "v1")
    for agent in ("local", "unheard"):
        if agent == "unheard":
            path.write_text('task({name = "idle", run = function() error("no") end})')
        result = piped("run", str(path), "--undo-on-failure", "--agent", agent)
        assert result.code == 20
        assert "took back" not in result.out
        assert "warning" not in result.out
