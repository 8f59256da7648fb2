"""``runs list``, ``show``, ``output`` and ``undo``: what is kept of runs that have ended."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from sloth_tui.runs.archive import Archive
from tests.cli.support import on_terminal, piped
from tests.runner.support import write

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

DEPLOY = """
task({name = "build", run = function()
  print("building")
  state.set("app:version", "v2")
  state.set("app:password", "hunter2")
  cmd({command = "echo on stderr >&2", changed = true})
end})
task({name = "publish", depends_on = "build", run = function()
  log.info("publishing")
  error("no route")
end})
"""


@pytest.fixture
def deploy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of a run that has failed, for agent ``web``."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, DEPLOY, "deploy.lua")
    words = ("run", "deploy.lua", "--agent", "web", "--set", "db.password=hunter2", "--set", "n=1")
    assert piped(*words).code == 20
    (run,) = Archive().runs()
    return run.id


def listed(*words: str) -> list[dict[str, Any]]:
    done = piped("runs", "list", "-o", "json", *words)
    assert (done.code, done.err) == (0, "")
    found: list[dict[str, Any]] = json.loads(done.out)
    return found


def test_the_list_has_what_was_run_and_how_it_ended(deploy: str, tmp_path: Path) -> None:
    (run,) = listed()
    assert run["id"] == deploy
    assert (run["file"], run["directory"]) == (str(tmp_path / "deploy.lua"), str(tmp_path))
    assert (run["agent"], run["store"], run["check"], run["tasks"]) == ("web", None, False, [])
    masked = "sloth-runner run deploy.lua --agent web --set 'db.password=•••' --set n=1"
    assert (run["title"], run["command_line"]) == ("run deploy.lua", masked)
    assert (run["result"], run["exit_code"], run["error"]) == ("failed", 20, "1 task failed")
    assert (run["changed"], run["keys"], run["missing"]) == (3, 2, 0)
    assert run["started_at"] < run["ended_at"]
    assert run["duration"] > 0
    row = piped("runs", "list").out.split("\t")
    assert (row[0], row[2:6], row[7]) == (deploy, [run["file"], "web", "run", "failed"], "3\n")
    assert piped("runs", "list", "-o", "csv").out.splitlines()[1].startswith(deploy)


def test_newest_runs_come_first_and_can_be_chosen_by_agent(deploy: str, tmp_path: Path) -> None:
    write(tmp_path, 'task({name = "t", run = function() state.set("k", 1) end})', "site.lua")
    assert piped("run", "--check", "site.lua", "--task", "t").code == 10
    newest, oldest = listed()
    assert (newest["agent"], newest["check"], newest["result"]) == ("local", True, "done")
    assert (newest["exit_code"], newest["would_change"], newest["tasks"]) == (10, True, ["t"])
    assert oldest["id"] == deploy
    assert listed("--limit", "1") == [newest]
    assert listed("--agent", "web") == [oldest]
    assert listed("--agent", "none") == []
    drawn = on_terminal("runs", "list")
    assert "check" in drawn.out
    assert " deploy.lua " in drawn.out
    assert piped("drift", "site.lua").code == 10
    assert len(listed()) == 2


def test_a_run_is_shown_with_results_changes_and_errors(deploy: str) -> None:
    shown = json.loads(piped("runs", "show", deploy[:5], "-o", "json").out)
    assert [(end["task"], end["result"], end["error"]) for end in shown["results"]] == [
        ("build", "done", None),
        ("publish", "failed", "deploy.lua:10: no route"),
    ]
    version, password = shown["changes"]
    assert (version["key"], version["old"], version["new"], version["created"]) == (
        "app:version",
        None,
        "v2",
        True,
    )
    assert (password["key"], password["new"], password["secret"]) == ("app:password", None, True)
    assert [each["kind"] for each in shown["resources"]] == ["command"]
    assert shown["warnings"] == []
    text = piped("runs", "show", deploy).out
    for line in (
        f"run\t{deploy}",
        "command\tsloth-runner run deploy.lua --agent web --set 'db.password=•••' --set n=1",
        "result\tfailed",
        "error\t1 task failed",
        'build\tapp:version\tabsent\t"v2"',
        "build\tapp:password\tabsent\t(secret)",
    ):
        assert line in text.splitlines()
    assert "deploy.lua:10: no route" in text


def test_output_is_what_run_printed(deploy: str, tmp_path: Path) -> None:
    ran = piped("run", "deploy.lua", "--agent", "web")
    newest = listed()[0]["id"]
    shown = piped("runs", "output", newest)
    assert shown.code == 0
    assert (shown.out, shown.err) == (ran.out, ran.err)
    attached = piped("runs", "attach", newest)
    assert (attached.code, attached.out, attached.err) == (20, ran.out, ran.err)
    followed = piped("runs", "output", newest, "--follow")
    assert followed == shown
    only = piped("runs", "output", deploy, "--task", "publish")
    assert only.out.splitlines() == [
        "task publish",
        "  info: publishing",
        "  failed in 0s: deploy.lua:10: no route",
    ]
    none = piped("runs", "output", deploy, "--task", "pubish")
    words = f"error: run {deploy} has no output of task 'pubish'\nhint: its tasks: build, publish\n"
    assert (none.code, none.out, none.err) == (3, "", words)
    none = piped("runs", "output", deploy, "--task", "build", "--host", "web1")
    assert (none.code, none.err) == (
        3,
        f"error: run {deploy} has no output of task 'build' for host 'web1'\n",
    )
    events = [json.loads(line) for line in piped("runs", "output", deploy, "-o", "jsonl").out.splitlines()]
    assert events[0]["event"] == "run_started"
    assert events[-1]["event"] == "run_finished"
    assert "hunter2" not in json.dumps(events)


def test_a_run_can_be_undone_once(deploy: str) -> None:
    assert piped("state", "get", "app:version", "-a", "web").out == "v2\n"
    steps = piped("runs", "undo", deploy, "--dry-run", "-o", "json")
    assert [step["key"] for step in json.loads(steps.out)] == ["app:password", "app:version"]
    done = piped("runs", "undo", deploy)
    assert (done.code, done.stdout, done.stderr) == (0, b"", b"")
    assert piped("state", "list", "-a", "web", "-o", "json").out == "{}\n"
    again = on_terminal("runs", "undo", deploy)
    assert again.code == 0
    assert again.err == f"run {deploy} was undone already: nothing to take back\n"


def test_an_undo_is_refused_as_that_of_a_change_set(deploy: str) -> None:
    assert piped("state", "set", "app:version", "v3", "-a", "web").code == 0
    refused = piped("runs", "undo", deploy)
    assert refused.code == 5
    assert "app:version" in refused.err
    assert piped("runs", "undo", deploy, "--force").code == 0


def test_what_cannot_be_undone_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, 'task({name = "t", run = function() print(1) end})', "nothing.lua")
    piped("run", "nothing.lua")
    piped("run", "--check", "nothing.lua")
    check, run = (found["id"] for found in listed())
    done = piped("runs", "undo", run)
    assert (done.code, done.err) == (
        3,
        f"error: run {run} wrote nothing to the state: nothing to take back\n",
    )
    done = piped("runs", "undo", check)
    words = f"error: run {check} was a check, which changes nothing: nothing to take back\n"
    assert (done.code, done.err) == (3, words)


@pytest.mark.parametrize("command", ["show", "output", "undo", "attach", "stop", "forget"])
def test_a_run_that_is_not_kept_is_told(command: str) -> None:
    for wanted in ("0123456789ab", "zz", "../..", "\x1b]0;x\x07"):
        done = piped("runs", command, wanted)
        assert done.code == 3
        assert done.err.startswith("error: no run '")
        assert done.err.endswith("' is kept\nhint: see sloth-runner runs list\n")
        assert "\x1b" not in done.err


def test_a_beginning_that_several_ids_have_is_refused(tmp_path: Path, base: Path) -> None:
    file = write(tmp_path, 'task({name = "t", run = function() end})')
    piped("run", file)
    (run,) = Archive().runs()
    twin = run.id[:4] + ("0" if run.id[4] != "0" else "1") + run.id[5:]
    os.mkdir(base / "runs" / twin)
    done = piped("runs", "show", run.id[:4])
    assert done.code == 2
    assert done.err.startswith(
        f"error: '{run.id[:4]}' is how the ids of 2 runs begin\nhint: give more of it: "
    )
    assert piped("runs", "show", run.id[:5]).code == 0


def test_an_ended_run_is_not_stopped(deploy: str) -> None:
    done = on_terminal("runs", "stop", deploy)
    assert (done.code, done.err) == (0, f"run {deploy} has ended already: failed\n")


def test_runs_are_forgotten_all_or_none(deploy: str, base: Path, tmp_path: Path) -> None:
    piped("run", write(tmp_path, 'task({name = "t", run = function() end})', "later.lua"))
    later = listed()[0]["id"]
    unasked = piped("runs", "forget", deploy)
    assert (unasked.code, unasked.err) == (
        9,
        "error: will not forget 1 run unasked, and there is no terminal to ask on\n"
        "hint: nothing was changed; add --yes to go ahead\n",
    )
    assert piped("runs", "forget", deploy, "0123456789ab", "--yes").code == 3
    assert [run["id"] for run in listed()] == [later, deploy]
    done = on_terminal("runs", "forget", later, deploy[:6], deploy, typed=b"y\n")
    assert (done.code, done.stdout) == (0, b"")
    assert done.err.startswith(
        f"Forget 2 runs: {later} (run {tmp_path}/later.lua), {deploy} (run deploy.lua)? "
    )
    assert done.err.endswith("forgot 2 runs; what they changed stays\n")
    assert listed() == []
    assert not (base / "runs" / deploy).exists()
    assert piped("state", "get", "app:version", "-a", "web").out == "v2\n"
