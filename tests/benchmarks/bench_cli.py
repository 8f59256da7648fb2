"""Whole commands against ``python -c pass`` of the same interpreter: what a script that loops pays.

``python -m tests.benchmarks.bench_cli``. The commands take turns; what is printed is the ratio of the
medians. Bytecode is cached, as it is for anybody who installs the program. Nothing here gates.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.store import open_store

if TYPE_CHECKING:
    from sloth_tui.model import Value

ROUNDS = 60
ENTRIES = 100
TASK = 'task({name = "nothing", run = function() end})\n'


class Contender(NamedTuple):
    name: str
    command: list[str]
    goal: float | None
    """Times ``python -c pass``; None where no figure is promised."""


def contenders(directory: Path) -> list[Contender]:
    program = str(Path(sys.executable).parent / "sloth-runner")
    task_file = directory / "task.lua"
    task_file.write_text(TASK)
    return [
        Contender("python -c pass", [sys.executable, "-c", "pass"], None),
        Contender("state get KEY", [program, "state", "get", "key:003"], 2.0),
        Contender("state list -o json, 100 entries", [program, "state", "list", "-o", "json"], 2.0),
        Contender("state set KEY VALUE", [program, "state", "set", "other", "value"], None),
        Contender("run of one empty task", [program, "run", str(task_file)], 6.0),
    ]


def value(number: int) -> Value:
    """Text, integers, booleans and tables in turn."""
    table: Value = {"n": number, "of": [1, 2.5, None]}
    kinds: tuple[Value, ...] = (f"value {number}", number, number % 8 == 2, table)
    return kinds[number % 4]


def fill() -> None:
    with open_store("local", "write") as store:
        store.set_many({f"key:{number:03}": value(number) for number in range(ENTRIES)})


def measure(all_of_them: list[Contender], rounds: int = ROUNDS) -> dict[str, float]:
    """Median seconds of each, by name."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    seconds: dict[str, list[float]] = {contender.name: [] for contender in all_of_them}
    for number in range(rounds + 1):
        for contender in all_of_them:
            began = time.perf_counter()
            subprocess.run(contender.command, stdout=subprocess.PIPE, env=environment, check=True)
            if number:  # the first round fills the caches
                seconds[contender.name].append(time.perf_counter() - began)
    return {name: statistics.median(found) for name, found in seconds.items()}


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="sloth-bench-") as directory:
        os.environ["SLOTH_RUNNER_HOME"] = directory
        fill()
        all_of_them = contenders(Path(directory))
        medians = measure(all_of_them)
    bare = medians[all_of_them[0].name]
    print(f"{'whole process':<34}{'ms':>8}{'ratio':>8}   goal")
    for contender in all_of_them:
        taken = medians[contender.name]
        goal = "" if contender.goal is None else f"≤ {contender.goal:.1f}"
        print(f"{contender.name:<34}{taken * 1000:>8.1f}{taken / bare:>8.2f}   {goal}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
