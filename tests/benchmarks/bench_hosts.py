"""Tasks on other machines: several at once, what a second file costs, and runs beside pyinfra.

``python -m tests.benchmarks.bench_hosts``. The other machine is an sshd of its own on a loopback port, with
an empty home directory: ``~/.bashrc``, which a peer may read for each command, is not measured. Both sides of
a ratio take turns; what is printed is the median of the rounds' ratios. Nothing here gates.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests import ssh
from tests.benchmarks import pyinfra

if TYPE_CHECKING:
    from collections.abc import Sequence

ROUNDS = 7
PEER_ROUNDS = 3
MANY = 100
PLACED = 20
LOCAL = 1_000
FILE_BYTES = 1_000
HOSTS = ("web1", "web2", "web3", "web4")
_PROGRAM = os.path.join(os.path.dirname(sys.executable), "sloth-runner")
_COMPARE = """
import filecmp, os, sys
for number in range(int(sys.argv[3])):
    there = os.path.join(sys.argv[2], str(number))
    assert filecmp.cmp(os.path.join(sys.argv[1], str(number)), there, shallow=False)
    os.stat(there).st_mode
"""


def quiet(command: Sequence[str]) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"error: {command[0]} ended with {done.returncode}\n{done.stdout}{done.stderr}")


def seconds(command: Sequence[str]) -> float:
    started = time.perf_counter()
    quiet(command)
    return time.perf_counter() - started


def show(name: str, goal: float | None, pairs: Sequence[tuple[float, float]]) -> None:
    ratio = statistics.median(mine / other for mine, other in pairs)
    mine, other = (statistics.median(side) * 1e3 for side in zip(*pairs, strict=True))
    verdict = "" if goal is None else f"  (goal {goal:.2f}x, {'ok' if ratio <= goal else 'MISSED'})"
    print(f"{name:46} {ratio:5.2f}x{verdict}  {mine:.0f} ms against {other:.0f} ms", flush=True)


def compare(name: str, goal: float | None, ours: Sequence[str], theirs: Sequence[str]) -> None:
    for each in (ours, theirs):
        quiet(each)  # fills the caches
    show(name, goal, [(seconds(ours), seconds(theirs)) for _ in range(ROUNDS)])


class Bench:
    """Files, task files, and the directory on the other machine, which is this one."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.source = directory / "source"
        self.there = directory / "there"
        self.source.mkdir()
        self.there.mkdir()

    def fill(self, count: int) -> None:
        """Let the source have that many files, and the other directory none."""
        self.empty()
        shutil.rmtree(self.source)
        self.source.mkdir()
        for number in range(count):
            (self.source / str(number)).write_bytes(f"{number:09}\n".encode() * (FILE_BYTES // 10))

    def empty(self) -> None:
        shutil.rmtree(self.there)
        self.there.mkdir()

    def run(self, name: str, body: str, host: str = "web1") -> list[str]:
        """Return the command line that runs one task with this body on a host."""
        path = self.directory / f"{name}.lua"
        path.write_text(f'task({{name = "{name}", delegate_to = "{host}", run = function() {body} end}})\n')
        return [_PROGRAM, "run", str(path)]

    def copies(self, name: str, count: int, host: str = "web1") -> list[str]:
        copy = f'file.copy({{src = "{self.source}/" .. i, dest = "{self.there}/" .. i, mode = "0644"}})'
        return self.run(name, f"for i = 0, {count - 1} do {copy} end", host)


def unchanged(bench: Bench) -> None:
    """What files that are as wanted cost beside the first of them. Each side is a whole run."""
    bench.fill(MANY)
    many, one = bench.copies("many", MANY), bench.copies("one", 1)
    tree = bench.run("tree", f'file.tree({{src = "{bench.source}", dest = "{bench.there}"}})')
    look = bench.run("look", f'file.exists("{bench.there}/0")')
    compare(f"{MANY} unchanged file.copy / one", 5.0, many, one)
    compare(f"file.tree, {MANY} files unchanged / one request", 1.5, tree, look)


def beside_pyinfra(bench: Bench, server: ssh.Server) -> None:
    obstacle = pyinfra.install()
    if obstacle is not None:
        print(f"beside pyinfra: not measured, for it cannot be installed: {obstacle}")
        return
    bench.fill(PLACED)
    ours = bench.copies("placed", PLACED)
    theirs = pyinfra.put_files(server, bench.directory, bench.source, bench.there, PLACED)
    first, again = [], []
    for _ in range(PEER_ROUNDS):
        taken = [_twice(bench, command) for command in (ours, theirs)]
        first.append((taken[0][0], taken[1][0]))
        again.append((taken[0][1], taken[1][1]))
    peer = pyinfra.version()
    show(f"{PLACED} files, first run / {peer}", 0.2, first)
    show(f"{PLACED} files, second run / {peer}", 0.2, again)


def _twice(bench: Bench, command: Sequence[str]) -> tuple[float, float]:
    """Return the seconds of a run that has to place all files, and of the next one, which has not."""
    bench.empty()
    first = seconds(command)
    assert len(os.listdir(bench.there)) == PLACED
    return first, seconds(command)


def at_once(bench: Bench) -> None:
    """Four hosts on which a command waits for a second."""
    path = bench.directory / "wait.lua"
    names = ", ".join(f'"{host}"' for host in HOSTS)
    path.write_text(
        f'task({{name = "wait", delegate_to = {{{names}}}, run = function() cmd("sleep 1") end}})\n'
    )
    run = [_PROGRAM, "run", str(path), "--forks"]
    compare("four hosts wait a second, at once / in turn", 0.35, [*run, "4"], [*run, "1"])


def unchanged_here(bench: Bench) -> None:
    """Files of this machine, beside a loop of Python that compares content and permissions."""
    bench.fill(LOCAL)
    shutil.copytree(bench.source, bench.there, dirs_exist_ok=True)
    ours = bench.copies("here", LOCAL, host="local")
    theirs = [sys.executable, "-c", _COMPARE, str(bench.source), str(bench.there), str(LOCAL)]
    compare(f"{LOCAL:,} unchanged file.copy here / filecmp", None, ours, theirs)


def main() -> None:
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory(prefix="sloth-bench-") as name:
        directory = Path(name)
        os.environ["SLOTH_RUNNER_HOME"] = str(directory / "state")
        bench = Bench(directory)
        unchanged_here(bench)
        if not ssh.AVAILABLE:
            print("over ssh: not measured, for it needs openssh-server, openssh-client, and root")
            return
        over_ssh(bench, directory)


def over_ssh(bench: Bench, directory: Path) -> None:
    home, settings = directory / "home", directory / "sshd"
    home.mkdir()
    settings.mkdir()
    server = ssh.Server(settings, f"Subsystem sftp internal-sftp\nSetEnv HOME={home}\n")
    os.environ["PATH"] = f"{server.bin}:{os.environ['PATH']}"
    os.environ.pop("SSH_AUTH_SOCK", None)
    server.write_config(" ".join(HOSTS))
    try:
        at_once(bench)
        unchanged(bench)
        beside_pyinfra(bench, server)
    finally:
        server.stop()


if __name__ == "__main__":
    main()
