"""Two hosts on one machine: network namespaces that reach the tests' own, until one of them is cut off."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from contextlib import ExitStack
from random import randrange
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self


def _allowed() -> bool:
    """Containers often have root without the right to make namespaces."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return False
    name = f"sloth-{uuid4().hex[:8]}"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode != 0:
        return False
    return subprocess.run(["ip", "netns", "del", name], capture_output=True).returncode == 0


ALLOWED = _allowed()
needs_namespaces = pytest.mark.skipif(
    not ALLOWED, reason="needs iproute2 from Debian's packages, and the right to make network namespaces"
)


class Host:
    """One of them: it reaches the tests, and their servers that listen everywhere, at ``server``."""

    def __init__(self, name: str, link: str, network: str, number: int) -> None:
        self.name = name
        self.server = f"{network}.{4 * number + 1}"
        self.address = f"{network}.{4 * number + 2}"
        self._link = link

    def make(self) -> None:
        outer, inner = f"{self._link}o", f"{self._link}i"
        _ip("netns", "add", self.name)
        _ip("-n", self.name, "link", "set", "lo", "up")
        _ip("link", "add", outer, "type", "veth", "peer", "name", inner, "netns", self.name)
        _ip("address", "add", f"{self.server}/30", "dev", outer)
        _ip("link", "set", outer, "up")
        _ip("-n", self.name, "address", "add", f"{self.address}/30", "dev", inner)
        self.connect()

    def command(self, *words: str) -> list[str]:
        """Return what runs a command there."""
        return ["ip", "netns", "exec", self.name, *words]

    def cut_off(self) -> None:
        """Pull its cable: what is sent is lost, and nobody is told."""
        _ip("-n", self.name, "link", "set", f"{self._link}i", "down")

    def connect(self) -> None:
        """Put the cable back."""
        _ip("-n", self.name, "link", "set", f"{self._link}i", "up")


class TwoHosts:
    """A context manager; leaving it kills what still runs on the hosts, and removes them."""

    def __init__(self) -> None:
        mark = uuid4().hex[:8]
        # One of 16,000, so that tests beside these have another.
        network = f"10.{randrange(192, 256)}.{randrange(256)}"
        self.first, self.second = (
            Host(f"sloth-{mark}-{number}", f"s{mark}{number}", network, number) for number in range(2)
        )

    def __enter__(self) -> Self:
        with ExitStack() as failed:
            failed.callback(self._leave)
            self.first.make()
            self.second.make()
            failed.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def _leave(self) -> None:
        for host in (self.first, self.second):
            there = subprocess.run(["ip", "netns", "pids", host.name], capture_output=True, text=True)
            for pid in there.stdout.split():
                os.kill(int(pid), signal.SIGKILL)
            subprocess.run(["ip", "netns", "del", host.name], capture_output=True)


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True)
    assert done.returncode == 0, f"ip {' '.join(words)}: {done.stderr}"
