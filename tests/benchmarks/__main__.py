"""Runs every benchmark, or the groups that are named, one process each, and prints what they print."""

from __future__ import annotations

import pathlib
import subprocess
import sys


def main(wanted: list[str]) -> int:
    groups = sorted(
        path.stem.removeprefix("bench_") for path in pathlib.Path(__file__).parent.glob("bench_*.py")
    )
    for group in wanted:
        if group not in groups:
            print(f"error: no benchmarks {group!r}; there are: {', '.join(groups)}", file=sys.stderr)
            return 2
    worst = 0
    for group in wanted or groups:
        print(f"\n== {group}", flush=True)
        done = subprocess.run([sys.executable, "-m", f"tests.benchmarks.bench_{group}"])
        worst = max(worst, abs(done.returncode))
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
