"""The time by which locks are measured.

Two clocks: one that nobody can set, for how long a lease still lasts, and the wall clock, for what is shown
to people and to programs that know nothing of us. CLOCK_BOOTTIME goes on while the machine sleeps and
starts again at a reboot; the boot id tells whether a reading belongs to this boot.
"""

from __future__ import annotations

import sys
import time

NANOSECONDS = 1_000_000_000
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Elsewhere than on Linux CLOCK_MONOTONIC; on macOS that one goes on during sleep as well."""


class Clock:
    """The machine's clocks. Tests put one of their own in its place."""

    __slots__ = ("_boot_id",)

    def __init__(self) -> None:
        self._boot_id: str | None = None

    @property
    def boot_id(self) -> str:
        """The same for as long as the machine runs, never again afterwards; empty where it is not known."""
        if self._boot_id is None:
            self._boot_id = read_boot_id()
        return self._boot_id

    def now(self) -> int:
        """Nanoseconds since boot. Steps of the wall clock do not move it."""
        return time.clock_gettime_ns(_STEADY)

    def wall(self) -> float:
        """Unix seconds."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Sleep; a signal handler that raises ends it at once."""
        time.sleep(seconds)


SYSTEM_CLOCK = Clock()


def read_boot_id(path: str = "/proc/sys/kernel/random/boot_id") -> str:
    """From random(4) on Linux, ``kern.bootsessionuuid`` on macOS; empty where there is neither."""
    if sys.platform == "darwin":
        import subprocess

        asked = ["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"]
        return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    try:
        with open(path, encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""
