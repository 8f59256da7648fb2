"""Workflows from outside: ``--workflow``, several hosts, time limits, and runs that only predict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.events import TaskFinished
from tests.cli.support import piped
from tests.runner.several import lines_on, results
from tests.runner.support import run_text, stored, within_limits, write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.runner.support import Told

pytestmark = pytest.mark.slow

TWO = """
workflow.define("build")
    :tasks({task("compile"):command("echo compile"), task("link"):depends_on("compile"):command("echo link")})
workflow.define("deploy")
    :tasks({task("copy"):depends_on("link"):command("echo copy")})
    :on_complete(function(success) print("deployed", success) end)
task({name = "other", run = function() print("other") end})
"""


def test_only_one_workflow_is_run_with_what_it_depends_on(tmp_path: Path) -> None:
    path = write(tmp_path, TWO, "two.sloth")
    listed = piped("run", path, "--list", "--workflow", "deploy")
    assert (listed.code, listed.err) == (0, "")
    assert [line.split("\t")[0] for line in listed.out.splitlines()] == [
        "compile",
        "link",
        "copy",
        "deploy:on_complete",
    ]
    done = piped("run", path, "--workflow", "build")
    assert (done.code, done.err) == (0, "")
    assert [line.strip() for line in done.out.splitlines() if line.startswith("  ")][:1] == ["compile"]
    assert "other" not in done.out
    assert "copy" not in done.out


def test_a_workflow_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    path = write(tmp_path, TWO, "two.sloth")
    wrong = piped("run", path, "--workflow", "delpoy")
    assert (wrong.code, wrong.out) == (2, "")
    assert wrong.err == "error: no workflow is called 'delpoy'\nhint: did you mean 'deploy'?\n"
    far = piped("run", path, "--workflow", "x", "--list")
    assert far.err == "error: no workflow is called 'x'\nhint: workflows: build, deploy\n"
    none = piped("drift", write(tmp_path, "task({name = 'a', run = print})"), "--workflow", "x")
    assert none.err == "error: no workflow is called 'x'\nhint: the file defines no workflows\n"


def test_a_workflow_with_several_hosts_ends_with_what_became_of_each_task(tmp_path: Path) -> None:
    told = run_text(
        tmp_path,
        """
        workflow.define("all"):tasks({
            task("web"):delegate_to({"local", "localhost"}):command(function(this)
                return this.agent == nil, "not here", { host = run.host }
            end),
            task("after"):command("echo after"),
            task("reads"):depends_on("web"):command(function(_, _, input)
                return true, input.web.host
            end),
        }):on_start(function() print("start") end)
          :on_complete(function(success, results)
              print(success, results.web.status, results.after.status, results.reads.status)
          end)
        """,
    )
    assert results(told) == {
        ("all:on_start", None): "done",
        ("web", "local"): "done",
        ("web", "localhost"): "done",
        ("after", None): "done",
        ("reads", None): "failed",
        ("all:on_complete", None): "done",
    }
    assert lines_on(told, None) == ["start", "after", "false\tdone\tdone\tfailed"]
    assert told.errors["reads"] == (
        "tasks.lua:8: what task 'web' returned is not known here, because it ran for other hosts, or before"
        " a task that was ended; hand it on with state.set"
    )


def test_a_failure_on_one_host_is_told_at_the_end(tmp_path: Path) -> None:
    told = run_text(
        tmp_path,
        """
        workflow.define("all"):tasks({
            task("web"):delegate_to({"local", "localhost"}):command(function()
                return run.host == "local", "broken"
            end),
            task("after"):command("echo never"),
        }):on_complete(function(success, results)
            print(success, results.web.status, results.after.status)
        end)
        """,
    )
    assert lines_on(told, None) == ["false\tfailed\tskipped"]
    assert results(told)["all:on_complete", None] == "done"
    assert told.end.exit_code == 20


def test_a_workflow_has_a_time_of_its_own(tmp_path: Path) -> None:
    def attempt(seconds: str) -> Told:
        return run_text(
            tmp_path,
            f"""
            workflow.define("slow"):tasks({{
                task("first"):command("echo first"),
                task("second"):timeout("1h"):command("echo second; exec sleep 600"),
            }}):config({{timeout = "{seconds}s"}})
               :on_complete(function(success, results) print(success, results.second.status) end)
            """,
            grace=0.2,
        )

    told = within_limits(attempt, lambda told: "second" in told.lines)
    assert told.results == {"first": "done", "second": "timeout", "slow:on_complete": "done"}
    assert told.lines[-1] == "false\ttimeout"
    assert told.errors["second"].startswith("workflow 'slow' took longer than ")


def test_what_a_task_returned_before_another_process_went_on_is_not_made_up(tmp_path: Path) -> None:
    def attempt(seconds: str) -> Told:
        return run_text(
            tmp_path,
            f"""
            task("one"):command(function() return true, "", {{ n = 1 }} end):build()
            task("two"):depends_on("one"):timeout("{seconds}s"):retries(1, "1ms"):run(function(_, _, input)
                if state.increment("tries") % 2 == 1 then print("sleeps") cmd("exec sleep 600") end
                print("again")
                return true, input.one.n
            end):build()
            """,
            grace=0.2,
        )

    told = within_limits(attempt, lambda told: "again" in told.lines)
    assert told.errors["two"].startswith("tasks.lua:6: what task 'one' returned is not known here")


def test_a_run_that_only_predicts_changes_nothing(tmp_path: Path) -> None:
    told = run_text(
        tmp_path,
        """
        task("all"):workdir(values.at .. "/dir"):command(function()
            exec.run("touch " .. values.at .. "/touched")
            exec.sh("touch " .. values.at .. "/touched")
            file_ops.copy({ src = "tasks.lua", dest = values.at .. "/copied" })
            fs.write(values.at .. "/written", "x")
            state.list_push("list", 1)
            return true
        end):build()
        """,
        check=True,
        values={"at": str(tmp_path)},
    )
    assert told.end.exit_code == 10, told.errors
    assert not {"dir", "touched", "copied", "written"} & {path.name for path in tmp_path.iterdir()}
    assert stored() == {}
    assert [event.resources for event in told.of(TaskFinished)] == [5]
