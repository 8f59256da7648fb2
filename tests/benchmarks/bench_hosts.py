"""Tasks for several hosts: all at once beside one after the other.

``python -m tests.benchmarks.bench_hosts``. Both sides of a ratio take turns; what is printed is the median
of the rounds' ratios. The hosts are behind an sshd on a loopback port, if there is one and this is root; the
second figure is without: four names of this machine.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

from sloth_tui.runner.request import RunRequest
from sloth_tui.runner.supervision.supervisor import Supervisor
from tests import ssh

ROUNDS = 5
GOAL = 0.35
HOSTS = ("web1", "web2", "web3", "web4")
TEXT = """
task({{name = "wait", delegate_to = {{{hosts}}}, run = function()
    cmd({{command = "sleep 1", delegate_to = {where}}})
end}})
"""


def seconds(path: str, forks: int) -> float:
    started = time.perf_counter()
    *_, last = Supervisor(RunRequest(path, "bench", forks=forks)).events()
    assert getattr(last, "exit_code", None) == 0, last
    return time.perf_counter() - started


def compare(name: str, directory: str, where: str) -> None:
    path = os.path.join(directory, "tasks.lua")
    with open(path, "w", encoding="utf-8") as file:
        file.write(TEXT.format(hosts=", ".join(f'"{host}"' for host in HOSTS), where=where))
    pairs = [(seconds(path, len(HOSTS)), seconds(path, 1)) for _ in range(ROUNDS)]
    ratio = statistics.median(mine / other for mine, other in pairs)
    mine, other = (statistics.median(side) for side in zip(*pairs, strict=True))
    verdict = "ok" if ratio <= GOAL else "MISSED"
    print(
        f"four hosts wait a second, {name}: at once / in turn {ratio:.2f}x  (goal {GOAL}x, {verdict})"
        f"  {mine:.1f} s against {other:.1f} s"
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        os.environ["SLOTH_RUNNER_HOME"] = directory
        if ssh.AVAILABLE:
            (Path(directory) / "sshd").mkdir()
            server = ssh.Server(Path(directory) / "sshd")
            server.write_config(" ".join(HOSTS))
            os.environ["PATH"] = f"{server.bin}:{os.environ['PATH']}"
            try:
                compare("over ssh", directory, "nil")
            finally:
                server.stop()
        compare("without ssh", directory, '"local"')


if __name__ == "__main__":
    main()
