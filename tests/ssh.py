"""A real sshd on a loopback port, and an ``ssh`` that knows hosts on it: ``web1``, ``web2`` and more."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.processes import read_process
from tests.servers.background import free_ports
from tests.support import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SSHD = next((path for path in ("/usr/sbin/sshd", "/usr/bin/sshd") if os.path.exists(path)), None)
_SSH = shutil.which("ssh")

_CHEAP = "KexAlgorithms curve25519-sha256\nSetEnv SHLVL=1\n"
"""Settings that make connections and commands cheap: no exchange of keys that withstands quantum computers,
and no ~/.bashrc of the person who runs the tests, which bash reads for each command at its first level."""

AVAILABLE = _SSHD is not None and _SSH is not None and os.geteuid() == 0
"""True if a server can be started here."""

needs_sshd = pytest.mark.skipif(
    not AVAILABLE,
    reason="needs openssh-server and openssh-client from Debian's packages, and root",
)


class Server:
    """An sshd of the tests. Its clients find it by the configuration file that ``ssh`` in PATH is given."""

    def __init__(self, directory: Path, more: str = "") -> None:
        self.directory = directory
        self.log = directory / "sshd.log"
        self.config = directory / "ssh_config"
        self.known_hosts = directory / "known_hosts"
        self.key = directory / "id"
        self.bin = directory / "bin"
        self.user = pwd.getpwuid(os.geteuid()).pw_name
        os.makedirs("/run/sshd", exist_ok=True)
        self.bin.mkdir()
        make_key(self.key)
        make_key(directory / "host_key")
        shutil.copy(directory / "id.pub", directory / "authorized_keys")
        self._more = more
        self.port = 0
        self.start()
        host_key = (directory / "host_key.pub").read_text()
        self.known_hosts.write_text(f"[127.0.0.1]:{self.port} {host_key}")
        self.write_config()
        wrapper = self.bin / "ssh"
        wrapper.write_text(f'#!/bin/sh\nexec {_SSH} -F {self.config} "$@"\n')
        wrapper.chmod(0o755)

    def start(self) -> None:
        """Start it, on the port that it had before if it was started before."""
        self.port = self.port or free_ports(1)[0]
        # No child of the tests: some of them look whether they have children that are left.
        text = f'"$@" </dev/null >>{self.log} 2>&1 & echo $!'
        self.pid = int(subprocess.check_output(["setsid", "sh", "-c", text, "sh", *self._command()]))
        wait_until(self._answers, what="sshd answers")

    def _command(self) -> list[str]:
        """Write the configuration of the server, and return how it is started."""
        assert _SSHD is not None
        config = self.directory / "sshd_config"
        config.write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {self.directory}/host_key\n"
            f"AuthorizedKeysFile {self.directory}/authorized_keys\nPidFile none\nStrictModes no\nUsePAM no\n"
            f"PasswordAuthentication no\nKbdInteractiveAuthentication no\n"
            f"PermitRootLogin yes\nMaxStartups 200\n{self._more}{_CHEAP}"
        )
        return [_SSHD, "-D", "-e", "-f", str(config)]

    def _answers(self) -> bool:
        assert self._runs(), self.log.read_text()
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def write_config(self, hosts: str = "web1 web2", more: str = "") -> None:
        """Write the configuration of the clients. ``more``: comes first, so that it wins."""
        self.config.write_text(
            f"{more}\nHost {hosts}\n  HostName 127.0.0.1\n  Port {self.port}\n  User {self.user}\n"
            f"  IdentityFile {self.key}\n  IdentitiesOnly yes\n  IdentityAgent none\n"
            f"  UserKnownHostsFile {self.known_hosts}\n  GlobalKnownHostsFile /dev/null\n"
        )

    def stop(self) -> None:
        """End the one that listens. Connections go on."""
        os.kill(self.pid, signal.SIGTERM)
        wait_until(lambda: not self._runs())

    def _runs(self) -> bool:
        return read_process(self.pid) is not None

    def processes(self) -> list[int]:
        """Return the processes of this sshd: connections, shells, commands, and what they left behind."""
        return descendants(self.pid)


def make_key(path: Path) -> None:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "tests", "-f", str(path)],
        check=True,
        timeout=60,
    )


def descendants(pid: int) -> list[int]:
    from sloth_tui.runner.processes import find_descendants

    return [process.pid for process in find_descendants(pid)]


def marked(mark: str) -> list[int]:
    """Return the processes with this text in their environment or command line."""
    pids = [int(name) for name in os.listdir("/proc") if name.isdecimal() and int(name) != os.getpid()]
    found = (
        pid for pid in pids if _says(f"/proc/{pid}/environ", mark) or _says(f"/proc/{pid}/cmdline", mark)
    )
    return [pid for pid in found if read_process(pid) is not None]


def _says(path: str, text: str) -> bool:
    try:
        with open(path, "rb", buffering=0) as file:
            return text.encode() in file.read()
    except OSError:
        return False


def stale_files() -> list[str]:
    """Return the directories for sockets of ssh whose owner is gone."""
    found = [name for name in os.listdir("/tmp") if name.startswith("sloth-ssh-")]
    return [name for name in found if not os.path.exists(f"/proc/{name.split('-')[2]}")]


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("sshd"))
    yield server
    server.stop()


@pytest.fixture
def server(shared_server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """An sshd, with its ``ssh`` in PATH; the hosts are ``web1`` and ``web2``."""
    shared_server.write_config()
    monkeypatch.setenv("PATH", f"{shared_server.bin}:{os.environ['PATH']}")
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return shared_server
