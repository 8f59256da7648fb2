"""``run`` with tasks for several hosts: which host each line is about, and the host in every event."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_store
from tests.cli.support import final_screen, on_terminal, piped
from tests.support import wait_until

if TYPE_CHECKING:
    from pathlib import Path

ROLLING = """
task({name = "prepare", run = function() print("preparing") end})
task({name = "web", depends_on = "prepare", delegate_to = {"local", "localhost"}, run = function()
  print("restarting")
  state.set("deployed:" .. run.host, values.version)
  if values.version == "v2" and run.host == "localhost" then error("no answer") end
end})
task({name = "announce", depends_on = "web", run = function() print("announced") end})
"""


def file(directory: Path, text: str) -> str:
    path = directory / "rolling.lua"
    path.write_text(text)
    return str(path)


def without_times(text: str) -> list[str]:
    return re.sub(r"\d+(\.\d+)?m?s\b", "TIME", text).splitlines()


def test_each_line_says_for_which_host_it_is(tmp_path: Path) -> None:
    path = file(tmp_path, ROLLING)
    result = piped("run", path, "--set", "version=v2", "--forks", "1")
    assert without_times(result.out) == [
        f"run {path} on agent local: 3 tasks",
        "task prepare",
        "  preparing",
        "  done in TIME",
        "task web on local",
        "  local | restarting",
        '  local | changed deployed:local: absent -> "v2"',
        "  local | done in TIME, 1 change",
        "task web on localhost",
        "  localhost | restarting",
        '  localhost | changed deployed:localhost: absent -> "v2"',
        "  localhost | failed in TIME, 1 change: rolling.lua:6: no answer",
        "task announce skipped: depends on 'web', which failed on localhost",
        "run failed in TIME: 2 done, 1 failed, 1 skipped",
    ]
    assert (result.code, result.err) == (20, "error: 1 task failed, 1 skipped\n")


@pytest.mark.slow
def test_the_table_has_a_column_of_hosts_if_there_are_any(tmp_path: Path) -> None:
    path = file(tmp_path, ROLLING)
    screen = final_screen(on_terminal("run", path, "--set", "version=v1", "--forks", "1").stdout)
    (head,) = [line for line in screen.splitlines() if "KEYS CHANGED" in line]
    assert head.split()[:3] == ["TASK", "HOST", "RESULT"]
    rows = [line.split() for line in screen.splitlines() if "done" in line and "|" not in line]
    assert ["web", "local", "done"] in [row[:3] for row in rows]
    assert ["web", "localhost", "done"] in [row[:3] for row in rows]
    assert ["prepare", "done"] in [row[:2] for row in rows]
    alone = file(tmp_path, 'task({name = "prepare", run = function() end})')
    assert "HOST" not in final_screen(on_terminal("run", alone).stdout)


@pytest.mark.slow
def test_every_event_of_a_host_names_it(tmp_path: Path) -> None:
    result = piped("run", file(tmp_path, ROLLING), "--set", "version=v1", "-o", "jsonl")
    assert result.code == 0
    events = [json.loads(line) for line in result.out.splitlines()]
    assert events[0]["hosts"] == {"web": ["local", "localhost"]}
    of_web = [event for event in events if event.get("task") == "web"]
    for host in ("local", "localhost"):
        kinds = [event["event"] for event in of_web if event["host"] == host]
        assert sorted(kinds) == ["key_changed", "task_finished", "task_output", "task_started"]
        assert (kinds[0], kinds[-1]) == ("task_started", "task_finished")
    assert {event["host"] for event in events if event.get("task") in ("prepare", "announce")} == {None}


def test_the_list_of_tasks_shows_the_hosts(tmp_path: Path) -> None:
    path = file(tmp_path, ROLLING)
    assert "web\tprepare\tlocal, localhost\t" in piped("run", path, "--list").out
    listed = [json.loads(line) for line in piped("run", path, "--list", "-o", "jsonl").out.splitlines()]
    assert [task["hosts"] for task in listed] == [[], ["local", "localhost"], []]


@pytest.mark.parametrize(
    ("number", "words"),
    [("0", "'0' is less than 1"), ("-2", "'-2' is less than 1"), ("many", "'many' is not an integer")],
    ids=["zero", "negative", "word"],
)
def test_forks_that_are_no_number_of_hosts(tmp_path: Path, number: str, words: str) -> None:
    result = piped("run", file(tmp_path, ROLLING), "--forks", number)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"error: --forks: {words}\n")


@pytest.mark.slow
def test_a_failed_run_is_taken_back_on_all_hosts(tmp_path: Path) -> None:
    result = piped("run", file(tmp_path, ROLLING), "--set", "version=v2", "--forks", "1", "--undo-on-failure")
    assert result.code == 20
    assert 'took back deployed:local: "v2" -> absent' in result.out
    assert 'took back deployed:localhost: "v2" -> absent' in result.out
    with open_store("local") as store:
        assert dict(store.items()) == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["int", "term"]
)
def test_a_signal_ends_the_tasks_of_all_hosts(tmp_path: Path, number: int, code: int) -> None:
    path = file(
        tmp_path,
        """
        task({name = "hang", delegate_to = {"local", "localhost"}, run = function()
            state.with_lock("lock of " .. run.host, "me", 300, function()
                state.set("began:" .. run.host, true)
                while true do end
            end)
        end})
        """,
    )
    command = [sys.executable, "-m", "sloth_tui", "run", path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:

        def began() -> bool:
            with open_store("local") as store:
                return len(list(store.keys())) == 2

        wait_until(began)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (code, "error: the run was stopped\n")
    assert out.count("| cancelled in") == 2
    with open_store("local") as store:
        assert store.locks() == []
