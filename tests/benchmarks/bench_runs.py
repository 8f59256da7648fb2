"""Runs that are kept: what keeping them costs a start, how soon a keeper's run speaks, how much it can take.

``python -m tests.benchmarks.bench_runs``. Both sides of a ratio take turns; what is printed is the median of
the rounds' ratios. Machines are noisy: nothing here gates.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from sloth_tui.runner.request import RunRequest
from sloth_tui.runs.starting import start
from sloth_tui.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 25
HELLO = 'task({name = "t", run = function() print("hello"); state.set("k", 1) end})'
RATE, SECONDS = 10_000, 10
TICKS = """
import sys, time
began = time.time()
for tick in range({seconds} * 100):
    sys.stdout.write("a line as long as most lines of output are, and no longer\\n" * ({rate} // 100))
    sys.stdout.flush()
    time.sleep(max(0, began + (tick + 1) / 100 - time.time()))
"""


def cpu_of(act: Callable[[], object]) -> float:
    """Return the processor seconds of the processes that it starts and waits for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    act()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def kept_until(request: RunRequest, text: bytes, settings: Settings) -> float:
    """Return the seconds from the start of a run in a keeper until its events have this text."""
    began = time.perf_counter()
    run = start(request, settings=settings)
    while not any(text in line for line in run.events.lines()):
        time.sleep(0.002)
    took = time.perf_counter() - began
    run.wait(60)
    run.close()
    return took


def headless_until(file: str, text: bytes) -> float:
    began = time.perf_counter()
    with subprocess.Popen([sys.executable, "-m", "sloth_tui", "run", file], stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        heard = [time.perf_counter() - began for line in run.stdout if text in line]
    return heard[0]


def first_line(file: str) -> None:
    request = RunRequest(file, "local")
    pairs = [
        (kept_until(request, b"hello", Settings()), headless_until(file, b"hello")) for _ in range(ROUNDS)
    ]
    ratio = statistics.median(kept / headless for kept, headless in pairs)
    print(f"first line of a keeper's run, as the first line of run: {ratio:.2f}x (goal 1.5x)")


def cost_of_a_record(file: str, base: Path) -> None:
    """A base directory in which no run can be kept stands for a program that keeps none."""
    unkept = base.parent / "unkept"
    unkept.mkdir()
    (unkept / "runs").touch()
    (unkept / "config.toml").write_text("[runs]\nkeep = 0\n")
    (base / "config.toml").write_text("[runs]\nkeep = 200\n")

    def run(where: Path) -> float:
        environment = {**os.environ, "SLOTH_RUNNER_HOME": str(where)}
        command = [sys.executable, "-m", "sloth_tui", "run", file]
        return cpu_of(lambda: subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True))

    run(base), run(unkept)
    ratio = statistics.median(run(base) / run(unkept) for _ in range(ROUNDS))
    print(f"processor time of run, as if the run could not be kept: {ratio:.3f}x")


def many_lines(directory: Path) -> None:
    (directory / "ticks.py").write_text(TICKS.format(seconds=SECONDS, rate=RATE))
    file = directory / "ticks.lua"
    command = f"{sys.executable} {directory}/ticks.py"
    file.write_text(f'task({{name = "t", run = function() cmd("{command}") end}})')
    run = start(RunRequest(str(file), "local"), settings=Settings())
    lines, own = 0, time.process_time()
    while not run.events.ended:
        lines += len(run.events.lines())
        time.sleep(0.02)
    own = time.process_time() - own
    spent = cpu_of(lambda: run.wait(60))
    run.close()
    print(
        f"{lines:,} events at {RATE:,} lines a second: {own / SECONDS:.1%} of a core to read them,"
        f" {spent / SECONDS:.1%} in the keeper and what it waits for"
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        base = Path(directory) / "base"
        os.environ["SLOTH_RUNNER_HOME"] = str(base)
        file = Path(directory) / "hello.lua"
        file.write_text(HELLO)
        first_line(str(file))
        cost_of_a_record(str(file), base)
        many_lines(Path(directory))


if __name__ == "__main__":
    main()
