"""Tasks for several hosts that are stopped, killed or held up: how all of it ends."""

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
    TaskFinished,
    TaskOutput,
    Warned,
)
from sloth_tui.runner.processes import find_descendants
from sloth_tui.runner.public_events import decode_public
from sloth_tui.runner.request import RunRequest
from sloth_tui.runner.supervision.supervisor import Supervisor
from sloth_tui.runs.starting import start
from sloth_tui.settings import Settings
from sloth_tui.store import open_store
from tests.runner.several import errors, lines_on, results
from tests.runner.support import Told, stored, write
from tests.support import A_MINUTE, wait_until
from tests.workers import descendants

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sloth_tui.runner.events import RunEvent


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


@pytest.mark.slow
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
    assert descendants() == []
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
    assert descendants() == []


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["worker", "guard", "keeper"])
def test_a_killed_worker_fails_the_task_of_its_host_alone(tmp_path: Path, victim: str) -> None:
    supervisor = held(tmp_path, keep_going=True)

    def kill(pids: dict[str, str]) -> None:
        pid = int(pids["local"])
        for _ in range(("worker", "guard", "keeper").index(victim)):
            pid = next(process.parent for process in descendants() if process.pid == pid)
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
    assert descendants() == []
    with open_store("local") as store:
        assert store.locks() == []


@pytest.mark.slow
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


@pytest.mark.slow
def test_closing_the_events_ends_the_workers_of_all_hosts(tmp_path: Path) -> None:
    events = held(tmp_path).events()
    hosts = set()
    for event in events:
        if isinstance(event, TaskOutput):
            hosts.add(event.host)
        if len(hosts) == 2:
            break
    assert descendants()
    events.close()  # type: ignore[attr-defined]  # it is a generator
    assert descendants() == []


@pytest.mark.slow
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


@pytest.mark.slow
def test_nothing_is_lost_while_nobody_reads(base: Path, tmp_path: Path) -> None:
    """As while the terminal UI is suspended: it says more than a pipe holds, and ends all the same."""
    text = """
        task({name = "loud", delegate_to = {"local", "localhost"}, run = function()
            for i = 1, 5000 do print("line " .. i .. string.rep(".", 80)) end
        end})
        task({name = "after", run = function() end})
    """
    run = start(RunRequest(write(tmp_path, text), "local"), settings=Settings())
    try:
        assert run.wait(A_MINUTE)
        told: list[RunEvent] = []
        while not run.events.ended:
            told += map(decode_public, run.events.lines())
    finally:
        run.close()
    expected = [f"line {i}" + 80 * "." for i in range(1, 5001)]
    events_told = Told(told)
    assert lines_on(events_told, "local") == expected
    assert lines_on(events_told, "localhost") == expected
    assert set(results(events_told).values()) == {"done"}
