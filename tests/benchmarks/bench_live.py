"""What staying live costs: at rest, and while another process makes a thousand changes a second.

``python -m tests.benchmarks.bench_live [ROWS...]``, ten and a million rows unless told otherwise. Shares of a
core are processor time, so that they hold on a busy machine; latencies are from the write of a key to the
arrival of what it should change. Machines are noisy: nothing here gates.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING

from tests.benchmarks.million import ROWS, fill
from tests.benchmarks.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable

SETTLING = 5.0
"""Seconds that the program may go on working after its first picture."""
AT_REST = 10.0
"""Seconds that the program is left alone."""
WRITES = 1000
"""Changes a second by another process."""
LOOKED_AT = 6.0
"""Seconds that its cost is measured for each tab of the dock."""
TABS = {"Locks": b"4", "Stats": b"5", "Log": b"6", "Run": b"7"}
MOVES = 30

_WRITER = """
import sys, time
from sloth_tui.store import open_path
from tests.benchmarks.million import key
rows, wanted = int(sys.argv[2]), int(sys.argv[3])
with open_path(sys.argv[1], "write") as store:
    began = time.monotonic()
    number = 0
    while True:
        store.set(key(number * 31 % rows), f"changed {number}")
        number += 1
        time.sleep(max(began + number / wanted - time.monotonic(), 0))
        if number % wanted == 0:
            print(number / (time.monotonic() - began), flush=True)
"""


class Bench:
    def __init__(self, directory: str, rows: int) -> None:
        self.rows = rows
        self.path = os.path.join(directory, "state", "local.db")
        os.mkdir(os.path.dirname(self.path))
        fill(self.path, rows)
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
            "SLOTH_RUNNER_HOME": directory,
            "TERM": "xterm-256color",
        }

    def run(self) -> None:
        with Terminal([sys.executable, "-m", "sloth_tui", "tui"], self.environment) as terminal:
            terminal.painted(lambda lines: f"{self.rows:,} keys" in lines[0], terminal.started)
            terminal.look()
            time.sleep(SETTLING)
            self._say("at rest, every age on screen in seconds", terminal.busy(AT_REST), "1 %")
            time.sleep(max(60.0 - (time.perf_counter() - terminal.started), 0.0))
            self._say("at rest", terminal.busy(AT_REST), "1 %")
            self._answers("a key at rest", terminal)
            self._under_writes(terminal)

    def _under_writes(self, terminal: Terminal) -> None:
        command = [sys.executable, "-c", _WRITER, self.path, str(self.rows), str(WRITES)]
        writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        try:
            for tab, key in TABS.items():
                terminal.type(key)
                time.sleep(2.0)
                self._say(f"while another process writes, {tab} shown", terminal.busy(LOOKED_AT), "25 %")
            terminal.type(b"2")
            self._answers("a key meanwhile", terminal)
            terminal.type(b"p")
            time.sleep(2.0)
            self._say("the same, paused", terminal.busy(LOOKED_AT), "1 %")
        finally:
            writer.kill()
        rates = writer.stdout.read().split()
        writer.wait()
        print(f"  it made {float(rates[-1]):,.0f} changes a second")

    def _answers(self, what: str, terminal: Terminal) -> None:
        """From pressing down or up to the cursor on the next line."""
        times = []
        for number in range(MOVES):
            key, by = (b"j", 1) if number // 5 % 2 == 0 else (b"k", -1)
            at = cursor(terminal.look())
            times.append(terminal.painted(self._moved(at + by), terminal.type(key)))
        high = sorted(times)[int(0.95 * len(times))]
        print(
            f"  {what:<48} {1000 * statistics.median(times):5.0f} ms, 95 % {1000 * high:.0f} ms (goal 50 ms)"
        )

    def _moved(self, line: int) -> Callable[[list[str]], bool]:
        return lambda lines: cursor(lines) == line

    def _say(self, what: str, share: float, goal: str) -> None:
        print(f"  {what:<48} {share:6.2%} of a core (goal {goal})", flush=True)


def cursor(lines: list[str]) -> int:
    """The line of the screen on which the cursor of the table stands; -1 while it stands on none."""
    return next((number for number, line in enumerate(lines) if "│▌" in line or "│▏" in line), -1)


def main() -> None:
    for rows in [int(word) for word in sys.argv[1:]] or [10, ROWS]:
        print(f"{rows:,} keys", flush=True)
        with tempfile.TemporaryDirectory(prefix="sloth-bench-") as directory:
            Bench(directory, rows).run()


if __name__ == "__main__":
    main()
