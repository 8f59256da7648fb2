"""The clocks that measure locks.

There are two: a clock that cannot be set, for the time left of a lease, and the wall clock, for people and
for other programs. CLOCK_BOOTTIME continues while the machine sleeps and restarts at a reboot; the boot id
tells whether a reading belongs to this boot.
"""

from __future__ import annotations

import sys
import time

NANOSECONDS = 1_000_000_000
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""CLOCK_MONOTONIC on systems other than Linux; on macOS it continues during sleep as well."""


class Clock:
    """The machine's clocks. Tests replace them with clocks of their own."""

    __slots__ = ("_boot_id",)

    def __init__(self) -> None:
        self._boot_id: str | None = None

    @property
    def boot_id(self) -> str:
        """An id that is unique to this boot of the machine; empty if it is unknown."""
        if self._boot_id is None:
            self._boot_id = read_boot_id()
        return self._boot_id

    def now(self) -> int:
        """Return nanoseconds since boot. Setting the wall clock does not affect it."""
        return time.clock_gettime_ns(_STEADY)

    def wall(self) -> float:
        """Return unix seconds."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Sleep. An exception raised by a signal handler ends the sleep at once."""
        time.sleep(seconds)


class SharedClock(Clock):
    """The wall clock of a machine: what machines that share something have in common."""

    __slots__ = ("_clock",)

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    @property
    def boot_id(self) -> str:
        return ""

    def now(self) -> int:
        return round(self._clock.wall() * NANOSECONDS)

    def wall(self) -> float:
        return self._clock.wall()

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)


SYSTEM_CLOCK = Clock()


def read_boot_id(path: str = "/proc/sys/kernel/random/boot_id") -> str:
    """Return the boot id: from random(4) on Linux, ``kern.bootsessionuuid`` on macOS; empty if there is
    neither."""
    if sys.platform == "darwin":
        import subprocess

        asked = ["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"]
        return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    try:
        with open(path, encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""
