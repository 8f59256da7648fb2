"""The run screen on a terminal: how soon a run speaks, keys and memory while output pours, how soon a stop is
over.

``python -m tests.benchmarks.bench_run_screen``. Both sides of a ratio take turns; what is printed is the
median of the rounds' ratios. Times are from a key to the arrival of what it should change. Machines are
noisy: nothing here gates.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from sloth_tui.runner.processes import find_descendants
from sloth_tui.runs.archive import Archive
from tests.benchmarks.bench_runs import RATE, SECONDS, TICKS
from tests.benchmarks.terminal import Terminal

ROUNDS = 15
HELLO = 'task({{name = "t", run = function() print("hello {}.") state.set("k", 1) end}})'
KEYS_A_SECOND = 10
ANSWERED_SECONDS = 0.05
GRACE_SECONDS = 2.0
STUBBORN = """
task({name = "stubborn", run = function()
    cmd([[trap '' TERM; echo ready; while :; do sleep 0.1; done]])
end})
"""
_TOP = 12
"""Lines of the screen among which the table of tasks is."""


class Screen:
    """The program, with its run screen open."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
            "SLOTH_RUNNER_HOME": str(base),
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
        }
        self.terminal = Terminal([sys.executable, "-m", "sloth_tui", "tui"], self.environment, 100, 30)
        self.terminal.painted(lambda lines: "live" in lines[0] or "empty" in lines[0], self.terminal.started)

    def write(self, name: str, text: str) -> str:
        path = self.base.parent / name
        path.write_text(text)
        return str(path)

    def show(self, path: str, seen: str) -> None:
        """Run a file by its path, and show its run."""
        terminal = self.terminal
        terminal.type(b"\x10")
        terminal.type(b"file of a path")
        terminal.type(b"\r")
        terminal.painted(lambda lines: any("Run a Lua file" in line for line in lines), time.perf_counter())
        terminal.type(path.encode())
        terminal.painted(lambda lines: any(path in line for line in lines), time.perf_counter())
        terminal.type(b"\r")
        terminal.painted(lambda lines: any(seen in line for line in lines), time.perf_counter())
        terminal.type(b"r")
        terminal.painted(lambda lines: "History" in lines[0], time.perf_counter())
        terminal.type(b"2")
        terminal.painted(lambda lines: any("Tasks" in line for line in lines), time.perf_counter())

    def leave(self) -> None:
        self.terminal.type(b"q")

    def first_line(self) -> None:
        """From the key that runs a file again to its first line, against the first line of ``run``."""
        path = self.write("hello.lua", HELLO.format(1))
        self.show(path, "hello 1.")
        command = [sys.executable, "-m", "sloth_tui", "run", path]
        pairs = []
        for number in range(2, ROUNDS + 2):
            self.write("hello.lua", HELLO.format(number))
            pressed = self.terminal.type(b"a")
            ours = self.terminal.painted(
                lambda lines, number=number: any(f"hello {number}." in line for line in lines),  # type: ignore[misc]
                pressed,
            )
            time.sleep(0.3)
            began = time.perf_counter()
            with subprocess.Popen(command, stdout=subprocess.PIPE, env=self.environment) as run:
                assert run.stdout is not None
                heard = [time.perf_counter() - began for line in run.stdout if b"hello" in line]
            pairs.append((ours, heard[0]))
        ratio = statistics.median(ours / theirs for ours, theirs in pairs)
        ours, theirs = (1000 * statistics.median(side) for side in zip(*pairs, strict=True))
        verdict = "ok" if ratio <= 1.5 else "MISSED"
        print(
            f"run again to its first line on screen, as run's: {ratio:.2f}x (goal 1.5x, {verdict})"
            f"  {ours:.0f} ms against {theirs:.0f} ms",
            flush=True,
        )
        self.leave()

    def pouring(self) -> None:
        """Keys and memory while a run prints 10,000 lines a second."""
        source = TICKS.format(rate=RATE, seconds=SECONDS)
        program = self.write("ticks.py", source)
        path = self.write(
            "loud.lua",
            f'task({{name = "loud", run = function() cmd("{sys.executable} -S {program}") end}})',
        )
        before = self.terminal.resident()
        self.show(path, "a line as long")
        pressed = self._alternate(SECONDS - 3)
        latencies = self._answers(pressed)
        resident = self.terminal.resident()
        self.terminal.painted(lambda lines: any("done loud.lua" in line for line in lines), pressed[0], 60)
        at_rest = self._answers(self._alternate(SECONDS - 3))
        print(
            f"{RATE:,} lines a second: {_within(latencies)} (goal 95 %), at rest {_within(at_rest)};"
            f" {resident - before:.0f} MiB more memory (goal 80)",
            flush=True,
        )
        self.leave()

    def _alternate(self, seconds: float) -> list[float]:
        """Move the cursor of the table of tasks down and up; return when."""
        self.terminal.look()
        pressed, began = [], time.perf_counter()
        for number in range(int(seconds * KEYS_A_SECOND)):
            time.sleep(max(began + number / KEYS_A_SECOND - time.perf_counter(), 0.0))
            pressed.append(self.terminal.strike(b"k" if number % 2 else b"j"))
        return pressed

    def _answers(self, pressed: list[float]) -> list[float]:
        """Return after how long each key was answered; at most that to the next one."""
        seen = [(arrived, self._cursor()) for arrived in self.terminal.frames()]
        places = Counter(found for _, found in seen if found >= 0)
        low, high = sorted(place for place, _ in places.most_common(2))
        latencies = []
        for number, at in enumerate(pressed):
            wanted = low if number % 2 else high
            end = pressed[number + 1] if number + 1 < len(pressed) else at + 1.0
            answers = [arrived - at for arrived, found in seen if at <= arrived < end and found == wanted]
            latencies.append(min(answers, default=end - at))
        return latencies

    def _cursor(self) -> int:
        """The line of the screen on which the cursor of the table stands: its ground differs from its
        neighbours'."""
        grounds = [self.terminal.screen.buffer[y][50].bg for y in range(_TOP)]
        title = grounds[0]
        odd = [y for y in range(1, _TOP) if grounds.count(grounds[y]) == 1 and grounds[y] != title]
        return odd[0] if odd else -1

    def stopping(self) -> None:
        """From the key that stops a run whose command does not heed it, to the end of all its processes."""
        path = self.write("stubborn.lua", STUBBORN)
        self.show(path, "ready")
        (run,) = [one for one in Archive(str(self.base)).runs() if one.going]
        family = [run.pid, *(one.pid for one in find_descendants(run.pid))]
        pressed = self.terminal.type(b"S")
        while any(map(_lives, family)):
            time.sleep(0.01)
        took = time.perf_counter() - pressed
        goal = GRACE_SECONDS + 1.0
        verdict = "ok" if took <= goal else "MISSED"
        print(f"stop to the end of {len(family)} processes: {took:.2f} s (goal {goal:.0f} s, {verdict})")


def _within(latencies: list[float]) -> str:
    share = sum(latency <= ANSWERED_SECONDS for latency in latencies) / len(latencies)
    median = 1000 * statistics.median(latencies)
    return f"{share:.0%} of {len(latencies)} keys within 50 ms, median {median:.0f} ms"


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="sloth-bench-") as directory:
        for number, measure in enumerate((Screen.first_line, Screen.pouring, Screen.stopping)):
            base = Path(directory) / str(number) / "base"
            base.mkdir(parents=True)
            if measure is Screen.stopping:
                (base / "config.toml").write_text(f"[run]\ngrace = {GRACE_SECONDS}\n")
            screen = Screen(base)
            with screen.terminal:
                measure(screen)


if __name__ == "__main__":
    main()
