"""Runs every benchmark, one process each, and prints what they print."""

from __future__ import annotations

import pathlib
import subprocess
import sys


def main() -> int:
    worst = 0
    for path in sorted(pathlib.Path(__file__).parent.glob("bench_*.py")):
        print(f"\n== {path.stem.removeprefix('bench_')}", flush=True)
        done = subprocess.run([sys.executable, "-m", f"tests.benchmarks.{path.stem}"])
        worst = max(worst, abs(done.returncode))
    return worst


if __name__ == "__main__":
    sys.exit(main())
