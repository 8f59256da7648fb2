"""``run --check`` and ``drift``: what people and programs see, exit codes, and that nothing changes."""

from __future__ import annotations

import json
import os
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

pytestmark = pytest.mark.slow

SITE = """
task({name = "web", run = function()
  file.write{path = "app.conf", content = "port = 8080\\nname = app\\n", mode = "0644"}
  file.write("same", "x")
  cmd("systemctl reload app")
  state.set("config:hash", "fe3")
end})
task({name = "same", run = function() print("looking") file.write("same", "x") end})
task({name = "build", sources = "same", run = function() state.set("app:api_token", "t0k") end})
"""


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command starts, with a task file and files that are not all as it wants them."""
    directory = tmp_path / "work"
    directory.mkdir()
    monkeypatch.chdir(directory)
    (directory / "site.lua").write_text(SITE)
    (directory / "app.conf").write_text("port = 80\nname = app\n")
    (directory / "app.conf").chmod(0o600)
    (directory / "same").write_text("x")
    with open_store("local", "write") as store:
        store.set("config:hash", "9ab")
    return directory


def timeless(text: str) -> str:
    return re.sub(r"[0-9a-f]{50,}", "HASH", re.sub(r"in [0-9.]+(s|ms)", "in TIME", text))


CHECKED = """\
check site.lua on agent local: 3 tasks
task web
  would change file app.conf: content, mode 0600 -> 0644
  would run 'systemctl reload app'
  would change config:hash: "9ab" -> "fe3"
  would change in TIME: 2 resources, 1 key; 1 is as wanted
task same
  looking
  as wanted in TIME: 1 is as wanted
task build
  would change app:api_token: absent -> (secret)
  would change task:up-to-date:build: absent -> "unknown"
  would change in TIME: 2 keys
check finished in TIME: 1 as wanted, 2 would change
"""


def test_a_check_says_what_would_change() -> None:
    done = piped("run", "--check", "site.lua")
    assert (timeless(done.out), done.err, done.code) == (CHECKED, "", 10)


def test_a_diff_is_shown_on_request() -> None:
    done = piped("run", "--check", "--diff", "site.lua")
    lines = done.out.splitlines()
    start = lines.index("  would change file app.conf: content, mode 0600 -> 0644")
    assert lines[start + 1 : start + 7] == [
        "    --- app.conf",
        "    +++ app.conf (wanted)",
        "    @@ -1,2 +1,2 @@",
        "    -port = 80",
        "    +port = 8080",
        "     name = app",
    ]


def test_on_a_terminal_the_table_follows() -> None:
    done = on_terminal("run", "--check", "site.lua")
    assert done.code == 10
    screen = final_screen(done.stdout)
    assert re.search(r"^TASK +RESULT +DURATION +CHANGED +AS WANTED +KEYS CHANGED$", screen, re.MULTILINE)
    assert timeless(screen).rstrip().endswith("check finished in TIME: 1 as wanted, 2 would change")
    assert done.stderr == b""


def test_as_json_lines_every_prediction_says_that_it_is_one() -> None:
    done = piped("run", "--check", "-o", "jsonl", "site.lua")
    told = [json.loads(line) for line in done.out.splitlines()]
    assert told[0]["event"] == "run_started"
    assert told[0]["check"] is True
    predicted = {each["event"] for each in told if each.get("predicted")}
    assert predicted == {"key_changed", "resource"}
    assert not [each for each in told if each.get("predicted") is False]
    assert (told[-1]["event"], told[-1]["would_change"], told[-1]["exit_code"]) == ("run_finished", True, 10)
    assert (done.err, done.code) == ("", 10)


@pytest.mark.parametrize(
    ("body", "options", "code", "error"),
    [
        ('state.set("config:hash", "9ab")', [], 0, ""),
        ('state.set("config:hash", "fe3")', [], 10, ""),
        ('state.set("config:hash", "fe3") error("no")', [], 20, "error: 1 task failed\n"),
        ("while true do end", ["--timeout", "0.1"], 124, "error: the run took longer than 0.1s\n"),
        ("while true do end", [], 124, "error: 1 task took too long\n"),
    ],
    ids=["wanted", "change", "failed", "run", "task"],
)
def test_exit_codes(work: Path, body: str, options: list[str], code: int, error: str) -> None:
    timeout = 0.1 if "took too long" in error else 60
    (work / "t.lua").write_text(f'task({{name = "a", timeout = {timeout}, run = function() {body} end}})')
    done = piped("run", "--check", *options, "t.lua")
    assert (done.err, done.code) == (error, code)


def test_a_real_run_never_ends_with_10(work: Path) -> None:
    (work / "t.lua").write_text('task({name = "a", run = function() state.set("config:hash", "fe3") end})')
    assert piped("run", "t.lua").code == 0
    assert piped("run", "--check", "t.lua").code == 0
    assert piped("run", "--diff", "t.lua").code == 0


def test_a_file_that_cannot_be_run_is_a_usage_error() -> None:
    done = piped("run", "--check", "none.lua")
    assert (done.out, done.err, done.code) == ("", "error: 'none.lua': no such file\n", 2)


@pytest.mark.parametrize("command", [["run", "--check"], ["drift"]], ids=["check", "drift"])
def test_an_interrupted_check_is_exit_code_130(work: Path, command: list[str]) -> None:
    (work / "t.lua").write_text(
        """
        task({name = "a", run = function()
          cmd{command = "touch ../begun", changed = false}
          while true do end
        end})
        """
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "sloth_tui", *command, "t.lua"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    wait_until((work.parent / "begun").exists)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert (error.decode(), process.returncode) == ("error: the run was stopped\n", 130)


def test_undo_on_failure_has_nothing_to_take_back(work: Path) -> None:
    (work / "t.lua").write_text('task({name = "a", run = function() state.set("a", 1) error("no") end})')
    done = piped("run", "--check", "--undo-on-failure", "t.lua")
    assert "took back" not in done.out
    assert done.code == 20


def test_an_up_to_date_task_is_told(work: Path) -> None:
    (work / "t.lua").write_text('task({name = "a", sources = "same", run = function() print("ran") end})')
    assert "  ran\n" in piped("run", "t.lua").out
    done = piped("run", "t.lua")
    assert timeless(done.out) == (
        "run t.lua on agent local: 1 task\ntask a\n  up to date\nrun done in TIME: 1 done\n"
    )
    checked = piped("run", "--check", "t.lua")
    assert timeless(checked.out).splitlines()[-2:] == ["  up to date", "check finished in TIME: 1 up to date"]
    assert checked.code == 0
    assert "  ran\n" in piped("run", "--force", "t.lua").out
    assert "up to date" in final_screen(on_terminal("run", "t.lua").stdout)


# drift

DRIFTED = """\
web: file app.conf: content, mode 0600 -> 0644
web: command 'systemctl reload app': would run
web: key config:hash: "9ab" -> "fe3"
build: key app:api_token: (secret)
build: key task:up-to-date:build: absent -> "unknown"
"""


def test_drift_shows_only_what_differs() -> None:
    done = piped("drift", "site.lua")
    assert (timeless(done.out), done.err, done.code) == (DRIFTED, "", 10)


def test_drift_with_a_diff() -> None:
    done = piped("drift", "--diff", "site.lua")
    assert "\n  -port = 80\n  +port = 8080\n   name = app\n" in done.out


def test_this_machine_has_the_name_that_the_list_of_hosts_gives_it(work: Path) -> None:
    (work / "t.lua").write_text(
        """
        task({name = "a", delegate_to = {"localhost", "local"}, run = function()
          file.write("new", "x")
          state.set("k", run.host)
        end})
        """
    )
    lines = piped("drift", "t.lua").out.splitlines()
    assert {"a on localhost: file new: created", "a on local: file new: created"} <= set(lines)
    report = json.loads(piped("drift", "-o", "json", "t.lua").out)
    assert {(each["kind"], each["host"]) for each in report["drifted"]} == {
        ("file", "localhost"),
        ("file", "local"),
        ("key", "localhost"),
        ("key", "local"),
    }
    checked = piped("run", "--check", "t.lua").out.splitlines()
    assert {
        "  localhost | would change file new: created",
        "  local | would change file new: created",
    } <= set(checked)


def test_drift_as_json_is_one_object() -> None:
    done = piped("drift", "-o", "json", "site.lua")
    report = json.loads(done.out)
    assert list(report) == ["file", "at", "drifted", "failed"]
    assert report["file"] == "site.lua"
    assert report["failed"] == []
    fields = ["task", "host", "kind", "name", "what", "old", "new", "diff", "shortened", "uncertain"]
    assert {tuple(each) for each in report["drifted"]} == {tuple(fields)}
    assert [(each["task"], each["kind"], each["name"], each["what"]) for each in report["drifted"][:3]] == [
        ("web", "file", "app.conf", ["content", "mode 0600 -> 0644"]),
        ("web", "command", "systemctl reload app", []),
        ("web", "key", "config:hash", ["content"]),
    ]
    assert [report["drifted"][2][name] for name in ("host", "old", "new")] == ["local", "9ab", "fe3"]
    assert (done.err, done.code) == ("", 10)


def test_nothing_has_drifted(work: Path) -> None:
    (work / "t.lua").write_text('task({name = "a", run = function() print("x") file.write("same", "x") end})')
    assert piped("drift", "t.lua") == (0, b"", b"")
    done = piped("drift", "-o", "json", "t.lua")
    assert (json.loads(done.out)["drifted"], done.code) == ([], 0)
    assert on_terminal("drift", "t.lua").stderr == b"nothing has drifted\n"


def test_drift_goes_on_after_a_failure(work: Path) -> None:
    (work / "t.lua").write_text(
        """
        task({name = "a", run = function() error("no luck") end})
        task({name = "b", run = function() file.write("new", "x") end})
        task({name = "c", depends_on = "a", run = function() end})
        """
    )
    done = piped("drift", "t.lua")
    assert (done.out, done.err, done.code) == (
        "b: file new: created\na: failed: t.lua:2: no luck\n",
        "error: 1 task failed, 1 skipped\n",
        20,
    )
    report = json.loads(piped("drift", "-o", "json", "t.lua").out)
    assert report["failed"] == [{"task": "a", "host": None, "result": "failed", "error": "t.lua:2: no luck"}]


def test_drift_tells_for_which_host_a_task_failed(work: Path) -> None:
    (work / "t.lua").write_text(
        """
        task({name = "a", delegate_to = {"local", "localhost"}, run = function()
          if run.host == "localhost" then error("no luck") end
        end})
        """
    )
    assert piped("drift", "t.lua").out == "a on localhost: failed: t.lua:3: no luck\n"


def test_drift_tells_of_each_host_what_a_task_would_change_for_it(work: Path) -> None:
    (work / "t.lua").write_text(
        """
        task({name = "a", delegate_to = {"local", "localhost"}, run = function()
          state.increment("n")
          if run.host == "localhost" then state.increment("n") log.warn("x") end
          file.write("made " .. run.host, "x")
        end})
        """
    )
    done = piped("drift", "t.lua")
    assert sorted(done.out.splitlines()) == [
        "a on local: file made local: created",
        "a on local: key n: absent -> 1",
        "a on localhost: file made localhost: created",
        "a on localhost: key n: absent -> 2",
    ]
    keys = [each for each in json.loads(piped("drift", "-o", "json", "t.lua").out)["drifted"] if each["new"]]
    assert sorted((each["host"], each["name"], each["new"]) for each in keys) == [
        ("local", "n", 1),
        ("localhost", "n", 2),
    ]


def test_a_fingerprint_is_told_only_if_it_will_come_true(work: Path) -> None:
    (work / "t.lua").write_text(
        """
        task({name = "sure", creates = "made", run = function() file.write("made", "x") end})
        task({name = "lazy", creates = "none", run = function() end})
        task({name = "made", creates = "out", run = function() cmd("date +%N >out") end})
        task({name = "read", sources = "*ut", run = function() end})
        """
    )
    (work / "out").write_text("old")
    done = piped("run", "--check", "t.lua")
    told = {line.split(":")[2]: line for line in done.out.splitlines() if "task:up-to-date" in line}
    assert list(told) == ["sure", "made", "read"]
    assert "warning: creates: 'none' is not there, so that the task will run again" in done.out
    assert told["made"].endswith(': absent -> "unknown"')
    assert told["read"].endswith(': absent -> "unknown"')
    value = told["sure"].partition('absent -> "')[2][:40]
    assert piped("run", "t.lua").code == 0
    assert piped("state", "get", "task:up-to-date:sure").out.startswith(value)


def test_drift_looks_at_tasks_that_are_up_to_date(work: Path) -> None:
    (work / "t.lua").write_text(
        'task({name = "a", sources = "same", run = function() file.write("made", "x") end})'
    )
    assert piped("run", "t.lua").code == 0
    assert piped("drift", "t.lua").code == 0
    (work / "made").write_text("edited")
    assert piped("run", "--check", "t.lua").code == 0
    done = piped("drift", "t.lua")
    assert (done.out, done.code) == ("a: file made: content\n", 10)


def test_a_key_that_is_changed_and_changed_back_has_not_drifted(work: Path) -> None:
    (work / "t.lua").write_text(
        """
        task({name = "a", run = function()
          state.set("config:hash", "fe3") state.set("config:hash", "9ab")
          state.set("tmp", 1) state.delete("tmp")
          state.set("n", 1) state.set("n", 2)
        end})
        """
    )
    done = piped("drift", "t.lua")
    assert (done.out, done.code) == ("a: key n: absent -> 2\n", 10)


def test_what_cannot_be_checked_is_no_report() -> None:
    done = piped("drift", "-o", "json", "none.lua")
    assert (done.out, done.err, done.code) == ("", "error: 'none.lua': no such file\n", 2)


def test_hostile_names_do_not_reach_the_terminal(work: Path) -> None:
    (work / "t.lua").write_text(
        """
        task({name = "a\\27[2J", run = function()
          state.set("k\\27]0;x", "v\\27")
          file.write("f\\27[1m", "x")
        end})
        """
    )
    for words in (["drift"], ["drift", "--diff"], ["run", "--check", "--diff"]):
        done = piped(*words, "t.lua")
        assert b"\x1b" not in done.stdout
        assert done.code == 10


@pytest.mark.parametrize("command", [["run", "--check"], ["drift"]], ids=["check", "drift"])
def test_a_check_of_a_new_agent_creates_nothing(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    home = tmp_path / "nothing"
    monkeypatch.setenv("SLOTH_RUNNER_HOME", str(home))
    before = sorted(os.listdir(work))
    done = piped(*command, "--agent", "web1", "site.lua")
    assert done.code == 10
    # Only that it was run is kept.
    assert [path.name for path in home.iterdir()] == ["runs"] if "--check" in command else not home.exists()
    assert sorted(os.listdir(work)) == before
