"""Hosts behind a dropbear: there a command leads no process group, it is in that of the connection."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.events import Resource, TaskOutput
from sloth_tui.runner.hosts.host import Attributes
from sloth_tui.runner.request import RunRequest
from sloth_tui.runner.supervision.supervisor import Supervisor
from tests.dropbear import Dropbear, needs_dropbear
from tests.runner.hosts.support import Bytes, SshHosts, run
from tests.runner.support import Told, run_text, write
from tests.ssh import marked, stale_files
from tests.support import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sloth_tui.runner.hosts.ssh.host import SshHost

pytestmark = [needs_dropbear, pytest.mark.slow]


@pytest.fixture(scope="module")
def dropbear(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dropbear]:
    server = Dropbear(tmp_path_factory.mktemp("dropbear"))
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def client(dropbear: Dropbear, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{dropbear.bin}:{os.environ['PATH']}")


@pytest.fixture
def there() -> Iterator[SshHost]:
    hosts = SshHosts()
    yield hosts.make(period=1, grace=1.0)
    hosts.close()


def test_it_is_the_situation_that_is_meant(there: SshHost) -> None:
    code, out, _ = run(there, 'echo "$PPID $(ps -o pgid= -p "$PPID")"')
    pid, group = out.split()
    assert (code, pid != group) == (0, True)


def test_commands_are_exact(there: SshHost, tmp_path: Path) -> None:
    data = os.urandom(200_000)
    assert run(there, "cat; echo err >&2; exit 255", stdin=data) == (255, data, b"err\n")
    assert run(there, "kill -9 $$")[0] == 137
    told = run(there, 'pwd; printf %s "$A"', cwd=str(tmp_path), env={"A": "q'\"$x\n"})
    assert told == (0, f"{tmp_path}\nq'\"$x\n".encode(), b"")


@pytest.mark.parametrize("size", [5, 3_000_000], ids=["request", "channel"])
def test_files_arrive_byte_for_byte(there: SshHost, tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    there.put(str(tmp_path / "f"), Bytes(data), Attributes(0o640))
    found = there.look([str(tmp_path / "f")], content=True)[0]
    assert (found.content, found.mode, sorted(os.listdir(tmp_path))) == (data, 0o640, ["f", "home"])


def test_a_timeout_ends_the_command_with_own_sessions_and_the_connection_stays(there: SshHost) -> None:
    text = "trap '' TERM; setsid sleep 1000 & sleep 1000 & while :; do sleep 1; done"
    there.connect()
    connection = there._session.connect()
    assert run(there, text, timeout=1.0, grace=0.3)[0] is None
    assert not marked(f"SLOTH_RUNNER_SHELL={there._session.nonce}")
    assert run(there, "echo on") == (0, b"on\n", b"")
    assert there._session.connect() is connection


def test_if_the_client_is_killed_everything_ends(there: SshHost) -> None:
    run(there, "setsid sleep 1000 & sleep 1000 & echo")
    mark = f"SLOTH_RUNNER_SHELL={there._session.nonce}"
    wait_until(lambda: len(marked(mark)) >= 2)
    os.kill(there._session.connect().group, signal.SIGKILL)
    wait_until(lambda: not marked(mark) and not os.path.exists(f"/tmp/.sloth-{there._session.nonce}"))


def test_a_run_acts_there_once(tmp_path: Path) -> None:
    text = """
        task({name = "t", delegate_to = "web1", run = function()
          local wrote = file.write{path = values.at .. "/f", content = "x\\n", mode = "0600"}
          print(wrote.changed, file.read(values.at .. "/f"), cmd{command = "exit 3", check = false}.exit_code)
        end})
    """
    for changed in (True, False):
        told = run_text(tmp_path, text, values={"at": str(tmp_path)})
        assert told.errors == {}
        assert [(event.host, event.changed) for event in told.of(Resource) if event.kind == "file"] == [
            ("web1", changed)
        ]
        assert told.lines == [f"{str(changed).lower()}\tx", "\t3"]
    assert (tmp_path / "f").read_text() == "x\n"


def test_a_stop_asks_what_runs_there_and_leaves_nothing(tmp_path: Path) -> None:
    mark = f"{os.getpid()}.{tmp_path}"
    text = """
        task({name = "waits", delegate_to = "web1", run = function()
          cmd("export OF_TEST='" .. values.mark .. "'; trap 'echo asked; exit 3' TERM; "
            .. "setsid sleep 1000 & echo up; while :; do sleep 0.05; done")
        end})
    """
    supervisor = Supervisor(RunRequest(write(tmp_path, text), "local", values={"mark": mark}))
    events = []
    for event in supervisor.events():
        events.append(event)
        if isinstance(event, TaskOutput) and event.text == "up":
            wait_until(lambda: len(marked(f"OF_TEST={mark}")) >= 2)
            supervisor.stop()
    told = Told(events)
    assert (told.end.exit_code, told.lines.count("asked")) == (130, 1)
    wait_until(lambda: not marked(f"OF_TEST={mark}"))
    wait_until(lambda: not stale_files())
