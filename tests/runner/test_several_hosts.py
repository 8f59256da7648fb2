"""Tasks for several hosts: which run at the same time, and what a failure means for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.events import (
    KeyChanged,
    RunStarted,
    TaskFinished,
    TaskStarted,
    Warned,
)
from tests.runner.several import FOUR, errors, lines_on, most_at_once, results
from tests.runner.support import Told, run_text, stored, within_limits
from tests.workers import descendants

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


def test_a_task_runs_once_for_each_host_and_ends_everywhere_before_the_next(tmp_path: Path) -> None:
    told = run_text(
        tmp_path,
        """
        task({name = "before", run = function() print("before " .. run.host) end})
        task({name = "web", delegate_to = {"local", "localhost"}, run = function()
            print("web " .. run.host)
            state.set("from:" .. run.host, run.id)
        end})
        task({name = "again", delegate_to = {"localhost", "local"}, run = function() print("again") end})
        task({name = "after", run = function() print("after " .. run.host) end})
        """,
    )
    assert told.end.exit_code == 0, told.errors
    (started,) = told.of(RunStarted)
    assert started.tasks == ["before", "web", "again", "after"]
    assert started.hosts == {"web": ["local", "localhost"], "again": ["localhost", "local"]}
    assert results(told) == {
        ("before", None): "done",
        ("web", "local"): "done",
        ("web", "localhost"): "done",
        ("again", "localhost"): "done",
        ("again", "local"): "done",
        ("after", None): "done",
    }
    assert lines_on(told, None) == ["before local", "after local"]
    assert lines_on(told, "local") == ["web local", "again"]
    assert lines_on(told, "localhost") == ["web localhost", "again"]
    assert {(event.key, event.host) for event in told.of(KeyChanged)} == {
        ("from:local", "local"),
        ("from:localhost", "localhost"),
    }
    assert stored() == {"from:local": started.run, "from:localhost": started.run}
    order = [event.task for event in told.events if isinstance(event, (TaskStarted, TaskFinished))]
    assert order == ["before"] * 2 + ["web"] * 4 + ["again"] * 4 + ["after"] * 2


MEETING = """
    task({name = "meet", delegate_to = {"local", "localhost"}, run = function()
        local other = run.host == "local" and "localhost" or "local"
        cmd({command = "touch " .. values.at .. "/" .. run.host .. "; "
            .. "until test -e " .. values.at .. "/" .. other .. "; do sleep 0.02; done", timeout = 60})
    end})
"""


def test_hosts_act_at_the_same_time(tmp_path: Path) -> None:
    told = run_text(tmp_path, MEETING, values={"at": str(tmp_path)})
    assert set(results(told).values()) == {"done"}, told.errors


@pytest.mark.parametrize("forks", [2, 3])
def test_no_more_hosts_than_forks_act_at_the_same_time(tmp_path: Path, forks: int) -> None:
    gather = """
        task({name = "one", delegate_to = {%s}, run = function()
            local mine = state.increment("arrived")
            local goal = math.min(values.forks, mine)
            while state.get("arrived") < goal do cmd("sleep 0.02") end
        end})
    """
    told = run_text(tmp_path, gather % FOUR, forks=forks, values={"forks": forks})
    assert set(results(told).values()) == {"done"}, told.errors
    assert len(results(told)) == 4
    assert most_at_once(told) <= forks


def test_with_one_fork_each_host_ends_before_the_next_begins(tmp_path: Path) -> None:
    text = 'task({name = "one", delegate_to = {%s}, run = function() print(run.host) end})'
    told = run_text(tmp_path, text % FOUR, forks=1)
    order = [event.host for event in told.events if isinstance(event, (TaskStarted, TaskFinished))]
    assert order == [host for host in ("local", "localhost", "c", "d") for _ in range(2)]


def test_a_host_keeps_its_worker_and_lua_variables_are_its_own(tmp_path: Path) -> None:
    text = """
        print("loading")
        task({name = "a", delegate_to = {"local", "localhost"}, run = function()
            mine = "set by " .. run.host
        end})
        task({name = "b", delegate_to = {"local", "localhost"}, run = function() print(mine) end})
        task({name = "c", run = function() print(mine) end})
    """
    told = run_text(tmp_path, text)
    assert lines_on(told, "local") == ["set by local"]
    assert lines_on(told, "localhost") == ["set by localhost"]
    assert lines_on(told, None) == ["loading", "nil"]


FAILING = """
    task({name = "web", delegate_to = {"local", "localhost", "c"}, run = function()
        if run.host == "localhost" then error("no room") end
    end})
    task({name = "more", delegate_to = {"local", "localhost", "c", "d"}, run = function() end})
    task({name = "needs", depends_on = "web", run = function() end})
    task({name = "needs more", depends_on = "more", delegate_to = {"local", "localhost"},
        run = function() end})
    task({name = "apart", run = function() end})
"""


def test_without_keep_going_a_failure_on_one_host_skips_all_that_follows(tmp_path: Path) -> None:
    told = run_text(tmp_path, FAILING)
    assert (told.end.result, told.end.exit_code) == ("failed", 20)
    assert told.end.error == "1 task failed, 8 skipped"
    ended = results(told)
    assert [ended.pop(("web", host)) for host in ("local", "localhost", "c")] == ["done", "failed", "done"]
    assert set(ended.values()) == {"skipped"}
    assert len(ended) == 8
    reasons = errors(told)
    assert reasons["web", "localhost"].endswith("tasks.lua:3: no room")
    assert reasons["more", "local"] == "'web' on localhost failed"
    assert reasons["more", "localhost"] == "'web' failed on this host"
    assert reasons["needs", None] == "depends on 'web', which failed on localhost"
    assert reasons["apart", None] == "'web' on localhost failed"


def test_hosts_that_have_not_begun_when_one_fails_are_skipped(tmp_path: Path) -> None:
    told = run_text(tmp_path, FAILING, forks=1)
    ended = results(told)
    assert [ended["web", host] for host in ("local", "localhost", "c")] == ["done", "failed", "skipped"]
    assert errors(told)["web", "c"] == "'web' on localhost failed"


def test_with_keep_going_only_the_host_that_failed_is_left_out(tmp_path: Path) -> None:
    told = run_text(tmp_path, FAILING, keep_going=True, forks=1)
    assert told.end.exit_code == 20
    assert results(told) == {
        ("web", "local"): "done",
        ("web", "localhost"): "failed",
        ("web", "c"): "done",
        ("more", "local"): "done",
        ("more", "localhost"): "skipped",
        ("more", "c"): "done",
        ("more", "d"): "done",
        ("needs", None): "skipped",
        ("needs more", "local"): "done",
        ("needs more", "localhost"): "skipped",
        ("apart", None): "done",
    }
    reasons = errors(told)
    assert reasons["needs more", "localhost"] == "depends on 'more', which was skipped on this host"


def test_a_failed_task_without_hosts_skips_those_of_hosts(tmp_path: Path) -> None:
    text = """
        task({name = "first", run = function() return false, "no" end})
        task({name = "web", depends_on = "first", delegate_to = {"local", "localhost"}, run = function() end})
        task({name = "apart", delegate_to = {"local", "localhost"}, run = function() end})
    """
    told = run_text(tmp_path, text, keep_going=True)
    assert [results(told)["web", host] for host in ("local", "localhost")] == ["skipped"] * 2
    assert errors(told)["web", "local"] == "depends on 'first', which failed"
    assert [results(told)["apart", host] for host in ("local", "localhost")] == ["done"] * 2


def test_retries_and_timeouts_are_each_hosts_own(tmp_path: Path) -> None:
    text = """
        task({name = "flaky", retries = 1, delegate_to = {"local", "localhost"}, run = function()
            if run.host == "local" and state.set_if_absent(values.try, true) then error("not yet") end
        end})
        task({name = "slow", timeout = values.limit, delegate_to = {"local", "localhost"}, run = function()
            if run.host == "localhost" then while true do end end
        end})
        task({name = "again", delegate_to = {"local", "localhost"}, run = function() end})
    """

    def attempt(seconds: str) -> Told:
        values = {"limit": float(seconds), "try": f"tried with {seconds}"}
        return run_text(tmp_path, text, keep_going=True, values=values)

    told = within_limits(attempt, lambda told: results(told)["slow", "local"] == "done")
    assert results(told) == {
        ("flaky", "local"): "done",
        ("flaky", "localhost"): "done",
        ("slow", "local"): "done",
        ("slow", "localhost"): "timeout",
        ("again", "local"): "done",
        ("again", "localhost"): "skipped",
    }
    ((message, host),) = [(event.message, event.host) for event in told.of(Warned)]
    assert host == "local"
    assert message.startswith("attempt 1 of 2 failed: ")
    assert errors(told)["slow", "localhost"].startswith("took longer than ")
    assert (told.end.result, told.end.exit_code) == ("timeout", 124)


def test_the_timeout_of_the_run_ends_all_hosts(tmp_path: Path) -> None:
    text = """
        task({name = "endless", delegate_to = {"local", "localhost"}, run = function() cmd("sleep 1000") end})
        task({name = "next", run = function() end})
    """
    told = within_limits(
        lambda seconds: run_text(tmp_path, text, timeout=float(seconds), grace=1.0),
        lambda told: "timeout" in results(told).values(),
    )
    assert (told.end.result, told.end.exit_code) == ("timeout", 124)
    assert (told.end.error or "").startswith("the run took longer than ")
    assert {result for (task, _), result in results(told).items() if task == "endless"} <= {
        "timeout",
        "skipped",
    }
    assert results(told)["next", None] == "skipped"
    assert descendants() == []
