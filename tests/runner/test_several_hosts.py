"""Tasks for several hosts: who runs at the same time, what a failure means for whom, and what is shared.

``local`` and ``localhost`` both name this machine, so two hosts are at hand.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.events import (
    KeyChanged,
    Resource,
    RunStarted,
    TaskFinished,
    TaskOutput,
    TaskStarted,
    Warned,
)
from sloth_tui.runner.host_schedule import HostSchedule
from sloth_tui.runner.processes import find_descendants
from sloth_tui.runner.request import RunRequest
from sloth_tui.runner.schedule import PlannedTask
from sloth_tui.runner.supervision.supervisor import Supervisor, Suspension
from sloth_tui.store import open_store
from tests.runner.support import Told, run_text, stored, within_limits, write
from tests.support import A_MINUTE, rounds, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sloth_tui.runner.events import RunEvent

FOUR = '"local", "localhost", "c", "d"'
"""Four hosts. The tasks of the last two may not act."""


def results(told: Told) -> dict[tuple[str, str | None], str]:
    return {(event.task, event.host): event.result for event in told.of(TaskFinished)}


def errors(told: Told) -> dict[tuple[str, str | None], str]:
    return {(event.task, event.host): event.error for event in told.of(TaskFinished) if event.error}


def lines_on(told: Told, host: str | None) -> list[str]:
    return [event.text for event in told.of(TaskOutput) if event.host == host]


def most_at_once(told: Told) -> int:
    running, most = 0, 0
    for event in told.events:
        running += isinstance(event, TaskStarted) - isinstance(event, TaskFinished)
        most = max(most, running)
    return most


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


@pytest.mark.slow
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
    assert find_descendants(os.getpid()) == []


HOLDING = """
    task({name = "holds", delegate_to = {"local", "localhost"}, retries = values.retries, run = function()
        local attempt = state.increment("attempts:" .. run.host)
        if attempt > 1 then return end
        state.with_lock("held by " .. run.host, "me", 60, function()
            cmd({command = "echo $PPID; until test -e " .. values.at .. "/go; do sleep 0.02; done"})
        end)
    end})
    task({name = "next", delegate_to = {"local", "localhost"}, run = function() print("next") end})
    task({name = "last", depends_on = "next", run = function() end})
"""


class Follower:
    """Goes through a run, and calls ``act`` once when each of the hosts has printed a line of its own."""

    def __init__(
        self, supervisor: Supervisor, act: Callable[[dict[str, str]], object], hosts: int = 2
    ) -> None:
        self.events = []
        lines: dict[str, str] = {}
        for event in supervisor.events():
            self.events.append(event)
            if isinstance(event, TaskOutput) and event.host is not None and event.host not in lines:
                lines[event.host] = event.text
                if len(lines) == hosts:
                    act(lines)
        self.told = Told(self.events)


def held(directory: Path, **options: object) -> Supervisor:
    values = {"at": str(directory), "retries": 0, **options.pop("values", {})}  # type: ignore[dict-item]
    return Supervisor(RunRequest(write(directory, HOLDING), "local", values=values, **options))  # type: ignore[arg-type]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stop_ends_all_hosts_and_frees_their_locks(tmp_path: Path, number: int, code: int) -> None:
    supervisor = held(tmp_path)
    told = Follower(supervisor, lambda _: supervisor.stop(number)).told
    assert (told.end.result, told.end.exit_code) == ("cancelled", code)
    assert results(told) == {
        ("holds", "local"): "cancelled",
        ("holds", "localhost"): "cancelled",
        ("next", "local"): "skipped",
        ("next", "localhost"): "skipped",
        ("last", None): "skipped",
    }
    assert find_descendants(os.getpid()) == []
    with open_store("local") as store:
        assert store.locks() == []


@pytest.mark.slow
def test_a_second_stop_kills_what_does_not_end_on_every_host(tmp_path: Path) -> None:
    text = """
        task({name = "deaf", delegate_to = {"local", "localhost"}, run = function()
            cmd({command = "trap '' TERM; echo deaf; while :; do sleep 0.05; done"})
        end})
    """
    supervisor = Supervisor(RunRequest(write(tmp_path, text), "local", grace=600.0))
    stops = threading.Timer(1.0, supervisor.stop)

    def stop_twice(_: dict[str, str]) -> None:
        supervisor.stop()
        stops.start()

    told = Follower(supervisor, stop_twice).told
    stops.join()
    assert told.end.exit_code == 130
    assert told.end.duration < 300
    assert find_descendants(os.getpid()) == []


@pytest.mark.parametrize("victim", ["worker", "guard", "keeper"])
def test_a_killed_worker_fails_the_task_of_its_host_alone(tmp_path: Path, victim: str) -> None:
    supervisor = held(tmp_path, keep_going=True)

    def kill(pids: dict[str, str]) -> None:
        pid = int(pids["local"])
        for _ in range(("worker", "guard", "keeper").index(victim)):
            pid = next(process.parent for process in find_descendants(os.getpid()) if process.pid == pid)
        os.kill(pid, signal.SIGKILL)
        # Only when its end is known may the other host go on.
        threading.Thread(target=let_go_on).start()

    def let_go_on() -> None:
        died.wait(A_MINUTE)
        (tmp_path / "go").touch()

    died = threading.Event()
    events = []
    lines: dict[str, str] = {}
    for event in supervisor.events():
        events.append(event)
        if isinstance(event, TaskOutput) and event.host is not None and event.host not in lines:
            lines[event.host] = event.text
            if len(lines) == 2:
                kill(lines)
        if isinstance(event, TaskFinished):
            died.set()
    told = Told(events)
    assert results(told) == {
        ("holds", "local"): "failed",
        ("holds", "localhost"): "done",
        ("next", "local"): "skipped",
        ("next", "localhost"): "done",
        ("last", None): "skipped",
    }
    assert errors(told)["holds", "local"].startswith("killed: its worker process")
    # What the dead worker had written is told for its host, once.
    assert sorted((event.key, event.host) for event in told.of(KeyChanged)) == [
        ("attempts:local", "local"),
        ("attempts:localhost", "localhost"),
    ]
    assert find_descendants(os.getpid()) == []
    with open_store("local") as store:
        assert store.locks() == []


def test_a_killed_worker_is_replaced_if_its_task_has_attempts_left(tmp_path: Path) -> None:
    supervisor = held(tmp_path, values={"retries": 1})

    def kill(pids: dict[str, str]) -> None:
        os.kill(int(pids["localhost"]), signal.SIGKILL)
        (tmp_path / "go").touch()

    told = Follower(supervisor, kill).told
    assert set(results(told).values()) == {"done"}, told.errors
    assert stored() == {"attempts:local": 1, "attempts:localhost": 2}
    (warning,) = told.of(Warned)
    assert warning.message.startswith("attempt 1 of 2 failed: killed: its worker process got SIGKILL")
    assert warning.host == "localhost"
    assert lines_on(told, "localhost")[1:] == ["next"]


def test_closing_the_events_ends_the_workers_of_all_hosts(tmp_path: Path) -> None:
    events = held(tmp_path).events()
    hosts = set()
    for event in events:
        if isinstance(event, TaskOutput):
            hosts.add(event.host)
        if len(hosts) == 2:
            break
    assert find_descendants(os.getpid())
    events.close()  # type: ignore[attr-defined]  # it is a generator
    assert find_descendants(os.getpid()) == []


def test_no_worker_and_no_command_outlives_the_supervisor(tmp_path: Path) -> None:
    text = """
        task({name = "a", delegate_to = {"local", "localhost"}, run = function()
            cmd({command = "setsid sleep 96 & trap '' TERM; echo ready; while :; do sleep 96; done"})
        end})
    """
    script = (
        "import sys\n"
        "from sloth_tui.runner.supervision.supervisor import RunRequest, Supervisor\n"
        "request = RunRequest(sys.argv[1], 'local', grace=0.2)\n"
        "for event in Supervisor(request).events(): print(event, flush=True)\n"
    )
    path = write(tmp_path, text)
    with subprocess.Popen([sys.executable, "-c", script, path], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        ready = 0
        while ready < 2:
            ready += "ready" in parent.stdout.readline()
        below = wait_until(lambda: found if len(found := find_descendants(parent.pid)) >= 12 else [])
        parent.kill()
    for process in below:
        wait_until(lambda pid=process.pid: not os.path.exists(f"/proc/{pid}"))  # type: ignore[misc]


def test_nothing_is_lost_while_the_process_of_the_supervisor_is_stopped(tmp_path: Path) -> None:
    text = """
        task({name = "loud", delegate_to = {"local", "localhost"}, run = function()
            print("begun")
            cmd({command = "until test -e " .. values.at .. "/go; do sleep 0.02; done"})
            for i = 1, 5000 do print("line " .. i .. string.rep(".", 80)) end
            state.increment("over")
        end})
        task({name = "after", run = function() end})
    """
    supervisor = Supervisor(RunRequest(write(tmp_path, text), "local", values={"at": str(tmp_path)}))
    told: list[RunEvent] = []

    def listen() -> None:
        for _ in map(told.append, supervisor.events()):
            pass

    listening = threading.Thread(target=listen)
    listening.start()
    try:
        wait_until(lambda: sum(isinstance(event, TaskOutput) for event in list(told)) == 2)
        suspension = Suspension()
        supervisor.prepare_suspension(suspension)
        assert suspension.begun.wait(A_MINUTE)
        heard = len(told)
        (tmp_path / "go").touch()
        wait_until(lambda: stored().get("over") == 2)
        assert len(told) == heard
        suspension.over.set()
    finally:
        (tmp_path / "go").touch()
        listening.join(A_MINUTE)
    events_told = Told(told)
    expected = ["begun", *(f"line {i}" + 80 * "." for i in range(1, 5001))]
    assert lines_on(events_told, "local") == expected
    assert lines_on(events_told, "localhost") == expected
    assert set(results(events_told).values()) == {"done"}


@pytest.mark.slow
def test_state_is_exact_across_hosts(tmp_path: Path) -> None:
    count = rounds(60, 3000)
    text = """
        task({name = "count", delegate_to = {%s}, run = function()
            for _ = 1, values.count do state.increment("n") end
        end})
        task({name = "read", run = function() print(state.get("n")) end})
    """
    told = run_text(tmp_path, text % FOUR, values={"count": count})
    assert set(results(told).values()) == {"done"}, told.errors
    assert lines_on(told, None) == [str(4 * count)]
    numbers = [event.new for event in told.of(KeyChanged)]
    assert len(numbers) == len(set(numbers))  # no change is told by two hosts
    changed = [event.changed for event in told.of(TaskFinished) if event.task == "count"]
    assert sum(changed) == len(numbers)


def test_a_lock_excludes_the_other_hosts(tmp_path: Path) -> None:
    text = """
        task({name = "count", delegate_to = {%s}, run = function()
            for _ = 1, values.count do
                state.with_lock("counter", "me", 60, function() state.set("n", state.get("n", 0) + 1) end,
                    {wait = 60})
            end
        end})
    """
    count = rounds(10, 200)
    told = run_text(tmp_path, text % FOUR, values={"count": count})
    assert set(results(told).values()) == {"done"}, told.errors
    assert stored()["n"] == 4 * count


def test_a_lock_that_another_host_holds_is_refused(tmp_path: Path) -> None:
    text = """
        task({name = "one", delegate_to = {"local", "localhost"}, run = function()
            if run.host == "local" then state.lock("deploy", "me", 600) return end
            while not state.is_locked("deploy") do end
            state.lock("deploy", "me", 600)
        end})
    """
    told = run_text(tmp_path, text)
    assert results(told) == {("one", "local"): "done", ("one", "localhost"): "failed"}
    assert "lock 'deploy' is held by 'me'" in errors(told)["one", "localhost"]


def test_what_a_host_leaves_locked_is_told_for_it(tmp_path: Path) -> None:
    text = """
        task({name = "one", delegate_to = {"local", "localhost"}, run = function()
            if run.host == "localhost" then state.lock("deploy", "me", 600) end
        end})
    """
    told = run_text(tmp_path, text)
    (warning,) = told.of(Warned)
    assert warning.host == "localhost"
    assert "lock 'deploy'" in warning.message


def test_resources_say_where_they_are_and_for_whom_the_task_runs(tmp_path: Path) -> None:
    text = """
        task({name = "one", delegate_to = {"local", "localhost"}, run = function()
            file.write({path = values.at .. "/" .. run.host, content = "x"})
        end})
    """
    told = run_text(tmp_path, text, values={"at": str(tmp_path)})
    assert set(results(told).values()) == {"done"}, told.errors
    assert {(event.host, event.task_host) for event in told.of(Resource)} == {
        ("local", "local"),
        ("local", "localhost"),
    }


@pytest.mark.parametrize(
    ("hosts", "words"),
    [
        ("{}", "delegate_to is an empty list; name a host, or leave it out for this machine"),
        ('{"a", "b", "a"}', "delegate_to names 'a' twice"),
        ('{"a", 5}', "delegate_to must be a list of names; field 2 is a number"),
        ('{web = "a"}', "delegate_to must be a list of names; field 1 is a nil"),
        ('{"a", ""}', "delegate_to must be a list of names, each one line of text"),
        ('{"a\\nb"}', "delegate_to must be a list of names, each one line of text"),
        ("true", "delegate_to must be a name or a list of hosts, got boolean"),
    ],
    ids=["empty", "twice", "number", "no-list", "no-name", "two-lines", "boolean"],
)
def test_a_list_of_hosts_that_is_none_is_refused(tmp_path: Path, hosts: str, words: str) -> None:
    told = run_text(tmp_path, f'\ntask({{name = "a", delegate_to = {hosts}, run = function() end}})')
    assert told.end.exit_code == 2
    assert told.end.error is not None
    assert told.end.error.endswith(f"tasks.lua:2: task: {words}")


@pytest.mark.parametrize(
    "call",
    [
        'cmd({command = "true", delegate_to = {"a", "b"}})',
        'file.exists({path = "/", delegate_to = {"a", "b"}})',
    ],
    ids=["cmd", "file"],
)
def test_a_call_acts_on_one_host(tmp_path: Path, call: str) -> None:
    told = run_text(tmp_path, f'task({{name = "a", run = function()\n{call}\nend}})')
    assert "tasks.lua:2: " in told.errors["a"]
    assert "only a task's delegate_to may be a list" in told.errors["a"]


def test_a_file_that_defines_other_tasks_when_it_is_loaded_for_a_host(tmp_path: Path) -> None:
    text = """
        local loads = state.increment("loads")
        if loads == 1 then
            task({name = "a", delegate_to = {"local"}, run = function() end})
        else
            task({name = "b", run = function() state.set("b", true) end})
        end
    """
    told = run_text(tmp_path, text)
    assert results(told) == {("a", "local"): "failed"}
    assert errors(told)["a", "local"].endswith(
        "the file defines no such task when it is loaded again, for this host"
    )
    assert stored() == {"loads": 2}


def test_a_file_that_cannot_be_loaded_for_a_host(tmp_path: Path) -> None:
    text = """
        task({name = "a", delegate_to = {"local", "localhost"}, run = function() end})
        if state.increment("loads") == 2 then error("not twice") end
    """
    told = run_text(tmp_path, text, forks=1, keep_going=True)
    assert results(told) == {("a", "local"): "failed", ("a", "localhost"): "done"}
    assert errors(told)["a", "local"].endswith("tasks.lua:3: not twice")


def test_one_undo_takes_back_what_all_hosts_wrote(tmp_path: Path) -> None:
    text = """
        task({name = "a", run = function() state.set("a", 1) end})
        task({name = "b", delegate_to = {"local", "localhost"}, run = function() state.set(run.host, 1) end})
    """
    told = run_text(tmp_path, text)
    assert stored() == {"a": 1, "local": 1, "localhost": 1}
    with open_store("local", "write") as store:
        store.undo(store.change_set(told.end.run))
    assert stored() == {}


def steps(schedule: HostSchedule) -> list[tuple[str, str | None, str | None]]:
    return [(step.task, step.host, step.obstacle) for step in schedule.steps()]


def test_a_task_depends_on_the_other_hosts_if_it_does_not_share_its_own() -> None:
    plan = [
        PlannedTask("db", (), ("d1", "d2")),
        PlannedTask("web", ("db",), ("w1", "w2", "d1")),
    ]
    schedule = HostSchedule(plan, keep_going=True, forks=5)
    assert steps(schedule) == [("db", "d1", None), ("db", "d2", None)]
    schedule.record("db", "d1", "done")
    assert steps(schedule) == []
    schedule.record("db", "d2", "failed")
    why = "depends on 'db', which failed on d2"
    assert steps(schedule) == [("web", "w1", why), ("web", "w2", why), ("web", "d1", None)]
    schedule.record("web", "d1", "done")
    assert steps(schedule) == []
    assert schedule.over
    assert schedule.results() == {
        "db on d1": "done",
        "db on d2": "failed",
        "web on w1": "skipped",
        "web on w2": "skipped",
        "web on d1": "done",
    }


def test_a_check_predicts_for_each_host_by_itself(tmp_path: Path) -> None:
    text = """
        task({name = "count", delegate_to = {"local", "localhost"}, run = function()
            state.increment("n")
            file.write({path = values.at .. "/made", content = run.host})
        end})
        task({name = "look", delegate_to = {"local", "localhost"}, run = function()
            print(run.check, state.get("n"), file.read(values.at .. "/made"))
        end})
        task({name = "alone", run = function() print(state.get("n"), file.exists(values.at .. "/made")) end})
    """
    told = run_text(tmp_path, text, check=True, values={"at": str(tmp_path)})
    assert set(results(told).values()) == {"done"}, told.errors
    assert (told.end.exit_code, told.end.would_change) == (10, True)
    assert sorted((event.host, event.old, event.new) for event in told.of(KeyChanged)) == [
        ("local", None, 1),
        ("localhost", None, 1),
    ]
    assert {(event.task_host, event.changed, event.predicted) for event in told.of(Resource)} == {
        ("local", True, True),
        ("localhost", True, True),
    }
    assert lines_on(told, "local") == ["true\t1\tlocal"]
    assert lines_on(told, "localhost") == ["true\t1\tlocalhost"]
    assert lines_on(told, None) == ["nil\tfalse"]
    assert stored() == {}
    assert not (tmp_path / "made").exists()


def test_a_check_of_hosts_where_all_is_as_wanted(tmp_path: Path) -> None:
    text = """
        task({name = "write", delegate_to = {"local", "localhost"}, run = function()
            file.write({path = values.at .. "/of " .. run.host, content = "x"})
        end})
    """
    assert run_text(tmp_path, text, values={"at": str(tmp_path)}).end.exit_code == 0
    told = run_text(tmp_path, text, values={"at": str(tmp_path)}, check=True)
    assert (told.end.exit_code, told.end.would_change) == (0, False)


def test_a_task_is_up_to_date_for_each_host_by_itself(tmp_path: Path) -> None:
    (tmp_path / "source").write_text("1")
    text = """
        task({name = "build", sources = {"source"}, delegate_to = {"local", "localhost"}, run = function()
            if file.exists(values.at .. "/fail on " .. run.host) then error("no") end
            print("built")
        end})
    """

    def built() -> dict[str | None, bool]:
        told = run_text(tmp_path, text, forks=1, keep_going=True, values={"at": str(tmp_path)})
        return {event.host: event.up_to_date for event in told.of(TaskFinished) if event.result == "done"}

    assert built() == {"local": False, "localhost": False}
    assert built() == {"local": True, "localhost": True}
    assert sorted(stored()) == ["task:up-to-date:build on local", "task:up-to-date:build on localhost"]
    (tmp_path / "source").write_text("2")
    (tmp_path / "fail on localhost").touch()
    assert built() == {"local": False}
    (tmp_path / "fail on localhost").unlink()
    assert built() == {"local": True, "localhost": False}
