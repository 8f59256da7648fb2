"""A program on a pseudo-terminal, and when what it paints arrives.

What arrives is only stamped with the time; it is looked at after the program has fallen silent, so that
looking does not slow down what is measured.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import signal
import struct
import termios
import threading
import time
from typing import TYPE_CHECKING

import pyte

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Self

SILENCE = 0.06
"""Seconds without output after which a program is taken to have painted all it wants."""

PATIENCE = 0.5
"""Seconds after which a program that never falls silent is looked at all the same."""


class Terminal:
    """Runs ``argv`` on a terminal of so many columns and lines; a context manager that ends it."""

    def __init__(
        self, argv: list[str], environment: dict[str, str], columns: int = 150, lines: int = 45
    ) -> None:
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self._arrived: list[tuple[float, float, bytes]] = []
        self._seen = 0
        self.spent = 0.0
        """Seconds of a core the program had taken when what is on the screen now arrived."""
        self.started = time.perf_counter()
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
            os.execve(argv[0], argv, environment)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self._reader.join()
        os.close(self._terminal)

    def type(self, data: bytes) -> float:
        """Press keys; returns when."""
        self.look()
        now = time.perf_counter()
        os.write(self._terminal, data)
        return now

    def strike(self, data: bytes) -> float:
        """Press keys without a look at the screen before; returns when."""
        now = time.perf_counter()
        os.write(self._terminal, data)
        return now

    def hold(self, data: bytes, seconds: float, rate: float) -> list[float]:
        """Press a key again and again as a keyboard does while it is held down; returns when."""
        self.look()
        pressed: list[float] = []
        began = time.perf_counter()
        for number in range(int(seconds * rate)):
            time.sleep(max(began + number / rate - time.perf_counter(), 0))
            pressed.append(time.perf_counter())
            os.write(self._terminal, data)
        return pressed

    def frames(self) -> Iterator[float]:
        """Bring the screen up to date, piece by piece; yields when each had arrived."""
        self._wait_for_silence()
        yield from self._feed()

    def painted(self, condition: Callable[[list[str]], bool], since: float, seconds: float = 20.0) -> float:
        """Seconds from ``since`` until the output had arrived that makes ``condition(lines)`` true."""
        deadline = time.perf_counter() + seconds
        while time.perf_counter() < deadline:
            self._wait_for_silence()
            for arrived in self._feed():
                if condition(self.screen.display):
                    return arrived - since
        raise TimeoutError("not painted:\n" + "\n".join(self.screen.display))

    def look(self) -> list[str]:
        """What is on the screen once the program is silent, or does not fall silent."""
        self._wait_for_silence()
        for _ in self._feed():
            pass
        return list(self.screen.display)

    def resident(self) -> float:
        """MiB of memory the program holds now."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            (line,) = [line for line in file if line.startswith("VmRSS")]
        return int(line.split()[1]) / 1024

    def busy(self, seconds: float) -> float:
        """The share of a core it takes during the next ``seconds``."""
        before = self.processor_time()
        time.sleep(seconds)
        return (self.processor_time() - before) / seconds

    def processor_time(self) -> float:
        """User and system time of all its threads, by the clock that Linux has for every process."""
        return time.clock_gettime((~self.pid << 3) | 2)

    def _wait_for_silence(self) -> None:
        deadline = time.perf_counter() + PATIENCE
        while time.perf_counter() < deadline:
            count = len(self._arrived)
            time.sleep(SILENCE)
            if len(self._arrived) == count:
                return

    def _feed(self) -> Iterator[float]:
        """Bring the screen up to date, piece by piece; yields when each had arrived."""
        while self._seen < len(self._arrived):
            arrived, self.spent, data = self._arrived[self._seen]
            self._seen += 1
            self._stream.feed(data)
            yield arrived

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # how Linux tells that the other side is closed
            while data := os.read(self._terminal, 65536):
                self._arrived.append((time.perf_counter(), self.processor_time(), data))
