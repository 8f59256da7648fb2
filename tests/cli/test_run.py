"""``run``: what people and programs get to see of a run, and what it exits with."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner import events
from sloth_tui.store import open_store
from tests.cli.support import on_terminal, piped
from tests.support import wait_until

if TYPE_CHECKING:
    from pathlib import Path

DEPLOY = """
task({name = "build", description = "make it", run = function()
  print("building")
  state.set("version", "v2")
  state.set("version", "v3")
  state.delete("old")
end})
task({name = "ship", depends_on = {"build"}, run = function()
  print(values.host .. ":" .. values.port.ssh)
end})
"""
FAILING = """
task({name = "good", run = function() state.set("a", 1) end})
task({name = "bad", run = function() error("boom \\27[31m") end})
task({name = "after", depends_on = {"bad"}, run = function() end})
task({name = "other", run = function() state.set("b", 1) end})
"""
HANGING = """
task({name = "hang", run = function()
  state.with_lock("deploy", "me", 300, function()
    state.set("began", true)
    while true do end
  end)
end})
"""


def file(tmp_path: Path, text: str, name: str = "deploy.lua") -> str:
    path = tmp_path / name
    path.write_text(text)
    return str(path)


def test_a_run_that_works(tmp_path: Path) -> None:
    piped("state", "set", "old", "1")
    values = file(tmp_path, "host: web\nport: {ssh: 22}\n", "values.yaml")
    words = ["run", file(tmp_path, DEPLOY), "--values", values, "--set", "port.ssh=2222"]
    result = piped(*words)
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[0] == f"run {tmp_path}/deploy.lua on agent local: 2 tasks"
    for line in ("task build", "  building", '  changed version: "v2" -> "v3"', "  web:2222"):
        assert line in lines
    assert '  changed old: "1" -> absent' in lines
    assert lines[-1].startswith("run done in ")
    assert lines[-1].endswith(": 2 done")


def test_jsonl_is_an_event_a_line(tmp_path: Path) -> None:
    path = file(tmp_path, "task({name = 'b', run = function() state.set('k', '\\255') end})")
    result = piped("run", path, "-o", "jsonl", "--agent", "web")
    found = [json.loads(line) for line in result.out.splitlines()]
    assert [event["event"] for event in found] == [
        "run_started",
        "task_started",
        "key_changed",
        "task_finished",
        "run_finished",
    ]
    assert found[2]["new"] == {"base64": "/w=="}
    for event in found:
        kind = getattr(events, "".join(part.title() for part in event["event"].split("_")))
        assert tuple(event) == ("event", *kind._fields)
    assert found[0]["agent"] == "web"


def test_a_failure_is_20_and_names_the_line(tmp_path: Path) -> None:
    path = file(tmp_path, FAILING)
    result = piped("run", path)
    assert result.code == 20
    assert result.err.startswith("error: 1 task failed")
    assert ": deploy.lua:3: boom ␛[31m\n" in result.out
    assert "task after skipped: " in result.out
    assert piped("state", "get", "a").code == 0
    assert piped("state", "get", "b").code == 3


def test_keep_going_runs_what_does_not_depend_on_it(tmp_path: Path) -> None:
    assert piped("run", file(tmp_path, FAILING), "--keep-going").code == 20
    assert piped("state", "get", "a", "b").code == 0


def test_what_was_skipped_is_listed_with_its_reason(tmp_path: Path) -> None:
    text = FAILING + 'task({name = "last", depends_on = {"after"}, run = function() end})'
    skipped = [
        "task after skipped: depends on 'bad', which failed",
        "task last skipped: depends on 'after', which was skipped",
    ]
    kept = piped("run", file(tmp_path, text), "--keep-going")
    assert [line for line in kept.out.splitlines() if " skipped: " in line] == skipped
    assert re.search(r"^run failed in [\d.]+s: 2 done, 1 failed, 2 skipped\n$", kept.out, re.MULTILINE)
    assert kept.err == "error: 1 task failed, 2 skipped\n"
    stopped = piped("run", file(tmp_path, text))
    assert "task other skipped: 'bad' failed" in stopped.out.splitlines()
    assert stopped.err == "error: 1 task failed, 3 skipped\n"


@pytest.mark.parametrize("words", [[], ["--debug"]])
def test_a_worker_that_dies_is_explained_in_words(words: list[str], tmp_path: Path) -> None:
    text = 'task({name = "die", run = function() cmd("kill -9 $PPID") end})'
    result = piped("run", file(tmp_path, text), *words)
    assert result.code == 20
    assert re.search(
        r"^  failed in [\d.]+s: killed: its worker process got SIGKILL", result.out, re.MULTILINE
    )
    assert result.err.splitlines()[-1] == "error: 1 task failed"


def test_a_worker_that_dies_while_it_loads_is_explained_in_words(tmp_path: Path) -> None:
    result = piped("run", file(tmp_path, 'cmd("kill -9 $PPID")'))
    assert (result.code, result.out) == (1, "")
    assert re.match(r"error: .*deploy\.lua: killed: its worker process got SIGKILL", result.err)


def test_task_chooses(tmp_path: Path) -> None:
    path = file(tmp_path, FAILING)
    assert piped("run", path, "--task", "good").code == 0
    assert piped("run", path, "--task", "other", "--task", "good").code == 0
    wrong = piped("run", path, "--task", "goood")
    assert wrong.code == 2
    assert wrong.err.startswith("error: ")
    assert "good" in wrong.err.splitlines()[-1]


def test_debug_adds_the_traceback_of_lua(tmp_path: Path) -> None:
    path = file(tmp_path, FAILING)
    assert "stack traceback:" not in piped("run", path).out
    assert "    stack traceback:\n" in piped("run", path, "--debug").out


@pytest.mark.slow
def test_list_shows_the_order_and_runs_nothing(tmp_path: Path) -> None:
    path = file(tmp_path, DEPLOY)
    assert piped("run", path, "--list").out == "build\t\t\tmake it\nship\tbuild\t\t\n"
    listed = [json.loads(line) for line in piped("run", path, "--list", "-o", "jsonl").out.splitlines()]
    assert [task["name"] for task in listed] == ["build", "ship"]
    assert listed[1]["depends_on"] == ["build"]
    assert "ship" in on_terminal("run", path, "--list").out
    assert piped("state", "list").out == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("task({", []),
        ("", []),
        ("task({name = 'a'})", []),
        (DEPLOY, ["--set", "novalue"]),
        (DEPLOY, ["--values", "/nonexistent.yaml"]),
        (DEPLOY, ["--timeout", "soon"]),
        (DEPLOY, ["--timeout", "-1"]),
        (DEPLOY, ["-o", "json"]),
    ],
    ids=["broken", "empty", "no run", "--set", "--values", "--timeout", "negative", "-o"],
)
def test_what_cannot_be_run_is_a_usage_error(text: str, words: list[str], tmp_path: Path) -> None:
    result = piped("run", file(tmp_path, text), *words)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: ")


def test_a_file_that_is_missing_is_a_usage_error(tmp_path: Path) -> None:
    assert piped("run", str(tmp_path / "missing.lua")).code == 2


@pytest.mark.slow
def test_a_run_that_takes_too_long_is_124(tmp_path: Path) -> None:
    result = piped("run", file(tmp_path, HANGING), "--timeout", "0.2")
    assert result.code == 124
    assert result.err == "error: the run took longer than 0.2s\n"
    assert piped("lock", "list").out == ""


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_run_and_gives_its_locks_back(number: int, code: int, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "sloth_tui", "run", file(tmp_path, HANGING)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: piped("state", "get", "began").code == 0, what="the task holds its lock")
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert err == "error: the run was stopped\n"
    assert "run cancelled in " in out
    wait_until(lambda: piped("lock", "list").out == "", what="the lock is free again")


@pytest.mark.slow
def test_a_run_whose_output_nobody_reads_is_stopped(tmp_path: Path) -> None:
    chatter = "task({name = 'talk', run = function() while true do print('and so on') end end})"
    process = subprocess.Popen(
        [sys.executable, "-m", "sloth_tui", "run", file(tmp_path, chatter)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(100)
    process.stdout.close()
    with process.stderr:
        assert (
            process.stderr.read() == b"error: the reader of the output went away, and the run was stopped\n"
        )
    assert process.wait(60) == 1


def test_the_history_names_the_run(tmp_path: Path) -> None:
    piped("run", file(tmp_path, FAILING), "--task", "good")
    with open_store("local") as store:
        (revision,) = store.revisions("a")
    assert revision.origin is not None
    assert (revision.origin.program, revision.origin.task) == ("lua", "good")
    assert revision.origin.title.startswith("run ")


SAYING = r"""
task({name = "say", run = function()
  print("a", 1)
  cmd("printf 'b\\t2\\r\\n'; printf '10%%\\r50%%\\r100%%\\n'; printf 'c\\r\\033[2J\\td\\r\\n' >&2")
  state.set("key\ttab", "\r")
end})
"""


def test_tabs_and_carriage_returns_of_output_are_what_they_are_on_a_terminal(tmp_path: Path) -> None:
    done = piped("run", file(tmp_path, SAYING))
    _, _, *said, ended, over = done.out.splitlines(keepends=True)
    assert sorted(said) == sorted(
        [
            "  a\t1\n",
            "  b\t2\n",
            "  100%\n",
            "  ! ␛[2J\td\n",
            '  changed key␉tab: absent -> "\\r"\n',
        ]
    )
    assert ended.startswith("  done in ")
    assert over.startswith("run done in ")
    assert (done.code, done.err) == (0, "")


def test_machines_get_output_to_the_byte(tmp_path: Path) -> None:
    done = piped("run", file(tmp_path, SAYING), "-o", "jsonl")
    told = [json.loads(line) for line in done.out.splitlines()]
    said = [event["text"] for event in told if event["event"] == "task_output"]
    assert sorted(said) == sorted(["a\t1", "b\t2\r", "10%\r50%\r100%", "c\r\x1b[2J\td\r"])


def test_a_line_that_is_drawn_anew_is_one_line(tmp_path: Path) -> None:
    command = r"printf '10 %%'; sleep 0.3; printf '\\r20 %%\\n'"
    (tmp_path / "tasks.lua").write_text(f'task({{name = "a", run = function() cmd("{command}") end}})')
    file = str(tmp_path / "tasks.lua")
    assert piped("run", file).out.splitlines()[2:3] == ["  20 %"]
    found = piped("run", file, "-o", "jsonl").out
    assert found.count('"task_output"') == 1
    identity = piped("runs", "list", "-o", "keys").out
    kept = piped("runs", "output", found.split('"run":"')[1][:12], "-o", "jsonl").out
    assert kept.count('"task_output"') == 1, identity
