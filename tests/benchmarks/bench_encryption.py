"""Encrypted databases against plain ones, and plain ones on either build of apsw.

``python -m tests.benchmarks.bench_encryption``. Whole processes take turns, and so do rounds of operations in
two processes on the build with ciphers; what is printed is the ratio of the medians. Nothing here gates.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.ciphers import DIRECTORY

ROUNDS = 60
ENTRIES = 60_000
OPERATIONS = """
import json, sys, time
from sloth_tui.store import open_entries, open_store
for line in sys.stdin:
    store = open_store(sys.argv[1], "write")
    seconds = {}
    def measure(name, work):
        began = time.perf_counter()
        work()
        seconds[name] = time.perf_counter() - began
    measure("scan", lambda: sum(1 for _ in store.entries()))
    measure("get", lambda: [store.get(f"key:{number:05}") for number in range(0, 60000, 60)])
    measure("set", lambda: [store.set("one", number) for number in range(int(line))])
    store.close()
    measure("open", lambda: [open_entries(sys.argv[1]).close() for _ in range(100)])
    print(json.dumps(seconds), flush=True)
"""
GOALS = {"scan": 1.6, "set": 1.2}


def environment(*, ciphers: bool) -> dict[str, str]:
    found = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {**found, "PYTHONPATH": str(DIRECTORY)} if ciphers else found


def main() -> int:
    if not DIRECTORY.exists():
        print("no apsw-sqlite3mc here: sh tests/setup.sh ciphers", file=sys.stderr)
        return 0
    with tempfile.TemporaryDirectory(prefix="sloth-bench-") as directory:
        os.environ["SLOTH_RUNNER_HOME"] = directory
        fill()
        print(f"{'whole process':<44}{'ms':>8}{'ratio':>8}   goal")
        show_processes()
        print(f"\n{'operation, encrypted / plain':<44}{'ms':>8}{'ratio':>8}   goal")
        show_operations()
    return 0


def fill() -> None:
    script = (
        "from sloth_tui.store import encryption, open_store\n"
        "for agent in ('plain', 'sealed'):\n"
        "    with open_store(agent, 'write') as store:\n"
        f"        store.set_many({{f'key:{{n:05}}': f'value {{n}} ' * 5 for n in range({ENTRIES})}})\n"
        "encryption.encrypt('sealed')\n"
    )
    subprocess.run([sys.executable, "-c", script], env=environment(ciphers=True), check=True)


def show_processes() -> None:
    program = str(Path(sys.executable).parent / "sloth-runner")
    get, put = ("state", "get", "key:00003", "--agent"), ("state", "set", "other", "value", "--agent")
    kinds: dict[str, tuple[list[str], bool, str | None, float | None]] = {
        "state get, plain apsw": ([program, *get, "plain"], False, None, None),
        "state get, build with ciphers": ([program, *get, "plain"], True, "state get, plain apsw", None),
        "state get, encrypted": ([program, *get, "sealed"], True, "state get, build with ciphers", 1.15),
        "state set, plain apsw": ([program, *put, "plain"], False, None, None),
        "state set, build with ciphers": ([program, *put, "plain"], True, "state set, plain apsw", None),
        "state set, encrypted": ([program, *put, "sealed"], True, "state set, build with ciphers", 1.2),
    }
    seconds: dict[str, list[float]] = {name: [] for name in kinds}
    for number in range(ROUNDS + 1):
        for name, (command, ciphers, _, _) in kinds.items():
            began = time.perf_counter()
            subprocess.run(command, stdout=subprocess.PIPE, env=environment(ciphers=ciphers), check=True)
            if number:  # the first round fills the caches
                seconds[name].append(time.perf_counter() - began)
    medians = {name: statistics.median(found) for name, found in seconds.items()}
    for name, (_, _, peer, goal) in kinds.items():
        show(name, medians[name], None if peer is None else medians[name] / medians[peer], goal)


def show_operations() -> None:
    workers = {
        agent: subprocess.Popen(
            [sys.executable, "-c", OPERATIONS, agent],
            env=environment(ciphers=True),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for agent in ("plain", "sealed")
    }
    found: dict[str, list[dict[str, float]]] = {agent: [] for agent in workers}
    for number in range(9):
        for agent, worker in workers.items():
            assert worker.stdin is not None
            assert worker.stdout is not None
            worker.stdin.write("300\n")
            worker.stdin.flush()
            seconds = json.loads(worker.stdout.readline())
            if number:
                found[agent].append(seconds)
    for worker in workers.values():
        worker.communicate()
    for name in found["plain"][0]:
        plain, sealed = (statistics.median(each[name] for each in found[agent]) for agent in workers)
        show(name, sealed, sealed / plain, GOALS.get(name))


def show(name: str, seconds: float, ratio: float | None, goal: float | None) -> None:
    shown = "" if ratio is None else f"{ratio:8.2f}"
    print(f"{name:<44}{seconds * 1000:8.1f}{shown:>8}   {'' if goal is None else f'<= {goal}'}")


if __name__ == "__main__":
    sys.exit(main())
