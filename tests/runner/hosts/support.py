"""Hosts for tests, and what they are given."""

from __future__ import annotations

import hashlib
import io
import os
import stat
from typing import TYPE_CHECKING, BinaryIO

from sloth_tui.runner.control_files import ControlFiles
from sloth_tui.runner.hosts.host import Command
from sloth_tui.runner.hosts.ssh.host import SshHost
from sloth_tui.runner.hosts.ssh.session import Destination, Way

if TYPE_CHECKING:
    from pathlib import Path

    from sloth_tui.runner.hosts.host import Host


class Bytes:
    """Content that is in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)
        self.sha256 = hashlib.sha256(data).hexdigest()

    def open(self) -> BinaryIO:
        return io.BytesIO(self._data)


class Heard:
    """The output of a command."""

    def __init__(self) -> None:
        self.parts: list[tuple[str, bytes]] = []

    def receive(self, stream: str, data: bytes) -> None:
        self.parts.append((stream, data))

    def of(self, stream: str) -> bytes:
        return b"".join(data for name, data in self.parts if name == stream)


class SshHosts:
    """Makes hosts over ssh, and closes them in the end."""

    def __init__(self) -> None:
        self.files = ControlFiles(os.getpid())
        self._made: list[SshHost] = []
        self._shared: dict[str, SshHost] = {}

    def make(
        self,
        name: str = "web1",
        *,
        grace: float = 10.0,
        period: int = 5,
        program: str = "/bin/sh",
        **options: object,
    ) -> SshHost:
        destination = Destination(name, **options)  # type: ignore[arg-type]
        host = SshHost(name, destination, self.files, Way("run1", grace, program, period))
        self._made.append(host)
        return host

    def share(self, program: str = "/bin/sh") -> SshHost:
        """Return the one host with this shell, for tests that leave its connection as it was."""
        if program not in self._shared:
            self._shared[program] = self.make(program=program)
        return self._shared[program]

    def close(self) -> None:
        for host in self._made:
            host.close()
        self.files.close()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def run(host: Host, text: str | bytes, **options: object) -> tuple[int | None, bytes, bytes]:
    """Run a command; return its exit code, stdout and stderr."""
    heard = Heard()
    command = Command(text.encode() if isinstance(text, str) else text, **options)  # type: ignore[arg-type]
    end = host.run(command, 10.0, heard.receive)
    return end.code, heard.of("stdout"), heard.of("stderr")
