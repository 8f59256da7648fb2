"""Commands on a host behind a real sshd that do not begin, or not at once: which are tried again."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import HostError
from sloth_tui.runner.hosts.host import Command
from tests.runner.hosts.support import run
from tests.ssh import needs_sshd

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sloth_tui.runner.hosts.ssh.host import SshHost
    from tests.runner.hosts.support import SshHosts
    from tests.ssh import Server

pytestmark = [needs_sshd, pytest.mark.slow]


@pytest.fixture
def alone(hosts: SshHosts) -> SshHost:
    return hosts.make()


def fail_channels(server: Server, directory: Path, count: int) -> Path:
    """Let so many channels fail before their script is reached. Return a file with a letter for each one."""
    failed = directory / "failed"
    failed.write_text("")
    wrapper = server.bin / "ssh"
    text = wrapper.read_text()
    wrapper.write_text(
        text.replace(
            "exec",
            f'case $* in *"/tmp/.sloth-"*) if [ "$(wc -c <{failed})" -lt {count} ]; then\n'
            f"printf x >>{failed}; echo mux_client_request_session: session request failed >&2; exit 255\n"
            "fi ;; esac\nexec",
            1,
        )
    )
    return failed


@pytest.fixture
def wrapper(server: Server) -> Iterator[Path]:
    """The ``ssh`` of the tests, which is as before when the test is over."""
    path = server.bin / "ssh"
    before = path.read_text()
    yield path
    path.write_text(before)


@pytest.mark.usefixtures("wrapper")
def test_a_command_that_never_began_is_tried_once_more(
    alone: SshHost, server: Server, tmp_path: Path
) -> None:
    failed = fail_channels(server, tmp_path, 1)
    assert run(alone, f"echo ran >>{tmp_path}/log; cat", stdin=b"in") == (0, b"in", b"")
    assert (failed.read_text(), (tmp_path / "log").read_text()) == ("x", "ran\n")
    failed = fail_channels(server, tmp_path, 2)
    with pytest.raises(HostError, match="'web1' did not run the command: "):
        run(alone, f"echo ran >>{tmp_path}/log")
    assert (failed.read_text(), (tmp_path / "log").read_text()) == ("xx", "ran\n")


def test_a_command_that_has_begun_is_never_tried_again(alone: SshHost, tmp_path: Path) -> None:
    with pytest.raises(HostError, match="what it did is not known"):
        run(alone, f'echo ran >>{tmp_path}/log; kill -9 $(ps -o ppid= -p "$PPID")')
    assert (tmp_path / "log").read_text() == "ran\n"


def test_a_script_that_comes_when_everything_ends_does_not_run(alone: SshHost, tmp_path: Path) -> None:
    alone.connect()
    session = alone._session
    channel = session.open_channel(Command(f"echo ran >>{tmp_path}/log".encode()))
    script = f"/tmp/.sloth-{session.nonce}/{channel.number}"
    late = subprocess.Popen(["sh", "-c", f"exec 9<{script}; echo; read go; exec sh /dev/fd/9"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
    assert late.stdout is not None
    late.stdout.readline()
    alone.close()
    late.communicate(b"\n", timeout=60)
    assert not (tmp_path / "log").exists()
