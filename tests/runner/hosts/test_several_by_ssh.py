"""Tasks for several hosts behind a real sshd, named by lists and by groups."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.events import Resource, RunStarted, TaskFinished, TaskOutput
from sloth_tui.runner.request import RunRequest
from sloth_tui.runner.supervision.supervisor import Supervisor
from tests.runner.support import Told, run_text, stored, write
from tests.ssh import marked, needs_sshd, stale_files
from tests.support import wait_until
from tests.workers import descendants

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ssh import Server

pytestmark = [needs_sshd, pytest.mark.usefixtures("four"), pytest.mark.slow]
FOUR = ("web1", "web2", "web3", "web4")


@pytest.fixture
def four(server: Server, base: Path) -> None:
    """Four hosts, and one that does not answer; two groups of them."""
    server.write_config(" ".join(FOUR), "Host gone\n  HostName 127.0.0.1\n  Port 1\n")
    base.mkdir()
    (base / "config.toml").write_text(
        '[groups]\nweb = ["web1", "web2", "web3", "web4"]\nhalf = ["web1", "web2"]\n'
    )


def results(told: Told) -> dict[tuple[str, str | None], str]:
    return {(event.task, event.host): event.result for event in told.of(TaskFinished)}


MEETING = """
    task({name = "meet", delegate_to = "web", run = function()
        cmd({command = "touch " .. values.at .. "/" .. run.host .. "; "
            .. "until test -e " .. values.at .. "/web1 && test -e " .. values.at .. "/web2 "
            .. "&& test -e " .. values.at .. "/web3 && test -e " .. values.at .. "/web4; do sleep 0.05; done",
            timeout = 60})
        state.increment("met")
    end})
"""


def test_the_hosts_of_a_group_act_at_the_same_time(tmp_path: Path) -> None:
    told = run_text(tmp_path, MEETING, values={"at": str(tmp_path)})
    assert results(told) == {("meet", host): "done" for host in FOUR}, told.errors
    (started,) = told.of(RunStarted)
    assert started.hosts == {"meet": list(FOUR)}
    assert stored() == {"met": 4}
    assert descendants() == []
    wait_until(lambda: not stale_files())


def test_files_are_put_on_each_host_once(tmp_path: Path) -> None:
    text = """
        task({name = "files", delegate_to = {"half", "web4"}, run = function()
            local made = file.write({path = values.at .. "/of " .. run.host, content = run.host})
            print(made.changed, cmd({command = "cat '" .. values.at .. "/of " .. run.host .. "'",
                changed = false}).stdout)
        end})
    """
    hosts = ("web1", "web2", "web4")
    for changed in (True, False):
        told = run_text(tmp_path, text, values={"at": str(tmp_path)})
        assert results(told) == {("files", host): "done" for host in hosts}, told.errors
        files = {event.host: event for event in told.of(Resource) if event.kind == "file"}
        assert {host: (event.task_host, event.changed) for host, event in files.items()} == {
            host: (host, changed) for host in hosts
        }
        lines = {(event.host, event.text) for event in told.of(TaskOutput) if event.stream == "print"}
        assert lines == {(host, f"{str(changed).lower()}\t{host}") for host in hosts}


def test_a_host_that_does_not_answer_is_left_out(tmp_path: Path) -> None:
    text = """
        task({name = "one", delegate_to = {"web1", "gone", "web2"}, run = function() cmd("true") end})
        task({name = "two", delegate_to = {"web1", "gone", "web2"}, run = function() cmd("true") end})
    """
    told = run_text(tmp_path, text, keep_going=True)
    assert results(told) == {
        ("one", "web1"): "done",
        ("one", "gone"): "failed",
        ("one", "web2"): "done",
        ("two", "web1"): "done",
        ("two", "gone"): "skipped",
        ("two", "web2"): "done",
    }
    (why,) = [event.error for event in told.of(TaskFinished) if event.result == "failed"]
    assert why is not None
    assert "tasks.lua:2: cmd: cannot reach 'gone'" in why


def test_a_call_does_not_act_on_a_group(tmp_path: Path) -> None:
    text = 'task({name = "a", run = function()\ncmd({command = "true", delegate_to = "web"})\nend})'
    told = run_text(tmp_path, text)
    assert told.errors["a"].endswith(
        "tasks.lua:2: cmd: delegate_to 'web' is a group, and only a task may name one"
    )


WAITING = """
    task({name = "waits", delegate_to = "half", run = function()
        cmd("export OF_TEST=" .. values.mark .. "; setsid sleep 1000 & echo up; "
            .. "until test -e " .. values.at .. "/go; do sleep 0.05; done; echo over")
    end})
    task({name = "next", delegate_to = "half", run = function() cmd("echo next") end})
"""


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_what_runs_there_ends_with_its_host_or_its_run(tmp_path: Path, how: str) -> None:
    mark = f"{os.getpid()}.{tmp_path}"
    values: dict[str, object] = {"at": str(tmp_path), "mark": mark}
    request = RunRequest(write(tmp_path, WAITING), "local", values=values, keep_going=True, grace=1.0)
    supervisor = Supervisor(request)
    events, up = [], set()
    for event in supervisor.events():
        events.append(event)
        if isinstance(event, TaskOutput) and event.text == "up":
            up.add(event.host)
            if len(up) == 2:
                wait_until(lambda: len(marked(f"OF_TEST={mark}")) >= 4)
                if how == "stop":
                    supervisor.stop()
                else:
                    os.kill(_worker_of("web1"), signal.SIGKILL)
        if isinstance(event, TaskFinished) and how == "kill":
            (tmp_path / "go").touch()
    told = Told(events)
    if how == "stop":
        assert told.end.exit_code == 130
        assert set(results(told).values()) == {"cancelled", "skipped"}
    else:
        assert results(told) == {
            ("waits", "web1"): "failed",
            ("waits", "web2"): "done",
            ("next", "web1"): "skipped",
            ("next", "web2"): "done",
        }
    assert descendants() == []
    wait_until(lambda: not marked(f"OF_TEST={mark}"))
    wait_until(lambda: not stale_files())


def _worker_of(host: str) -> int:
    """Return the process that runs Lua for a host: the parent of its ssh."""
    for process in descendants():
        with open(f"/proc/{process.pid}/cmdline", "rb") as file:
            words = file.read().split(b"\0")
        if host.encode() in words:
            return process.parent
    raise AssertionError(f"no ssh to {host}")
