"""Processes that tests start and end by their ids."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from sloth_tui.runner.processes import read_process
from tests.support import wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping

_FIRST_PORT = 10_000


class Background:
    """A running program. It is no child of the tests: some of them look whether they have children left."""

    def __init__(self, command: list[str], log: Path, environment: Mapping[str, str] | None = None) -> None:
        """``log`` gets what the program prints, after what is there."""
        self.log = log
        text = f'"$@" </dev/null >>"{log}" 2>&1 & echo $!'
        self.pid = int(
            subprocess.check_output(
                ["setsid", "sh", "-c", text, "sh", *command], env={**os.environ, **(environment or {})}
            )
        )

    def runs(self) -> bool:
        return read_process(self.pid) is not None

    def is_stopped(self) -> bool:
        """True if no thread of it runs, after SIGSTOP: they stop one after another."""
        threads = Path(f"/proc/{self.pid}/task").iterdir()
        return all(_state(thread / "stat") in "TtZX" for thread in threads)

    def signal(self, number: signal.Signals) -> None:
        if self.runs():
            os.kill(self.pid, number)

    def end(self) -> None:
        """Ask it to end, kill it if that has not helped, and wait until it is gone."""
        for number, seconds in ((signal.SIGTERM, 10.0), (signal.SIGKILL, 60.0)):
            self.signal(number)
            # One that was stopped gets the signal when it goes on.
            self.signal(signal.SIGCONT)
            try:
                wait_until(lambda: not self.runs(), seconds=seconds)
            except AssertionError:
                if number == signal.SIGKILL:
                    raise
            else:
                return

    def kill(self) -> None:
        """As by a power cut: it gets no chance to write anything."""
        self.signal(signal.SIGKILL)
        wait_until(lambda: not self.runs(), what=f"{self.pid} is gone")


def _state(stat: Path) -> str:
    try:
        return stat.read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "X"  # a thread that has ended


def free_ports(number: int) -> list[int]:
    """Return ports of loopback that nobody uses. Somebody may take one before the caller does.

    The system gives none of them to a client: a client that tries to reach a server that is down could get
    the server's port for itself, be connected to itself, and keep the server from coming back.
    """
    chance = random.SystemRandom()
    taken: dict[int, socket.socket] = {}
    try:
        while len(taken) < number:
            port, candidate = chance.randrange(_FIRST_PORT, _first_port_of_clients()), socket.socket()
            try:
                candidate.bind(("127.0.0.1", port))
            except OSError:
                candidate.close()
            else:
                taken[port] = candidate
        return list(taken)
    finally:
        for candidate in taken.values():
            candidate.close()


def _first_port_of_clients() -> int:
    try:
        return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except FileNotFoundError:
        return 32768
