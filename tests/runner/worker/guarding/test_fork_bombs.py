"""Fork bombs, in a cgroup that bounds them in any case: each ends by the program's own limit."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import sloth_tui
from sloth_tui.runner.worker.guarding.fence import find_own_cgroup
from tests.runner.support import write
from tests.support import sweep, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

# Each waits for its turn.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

BOUND = 2000
"""The limit of the test itself, so that a bomb that is not stopped ends only the test."""
BOMBS = {
    "pipes": "f(){ f|f& }; f; sleep 100",
    "loop": "while :; do sleep 100 & done",
    "python": "exec {python} -c 'import os\nwhile 1:\n try: os.fork()\n except OSError: pass'",
    "orphans": "f(){ (f & f &) & sleep 100; }; f",
    "sessions": 'f(){ setsid sh -c "sleep 0.01; $BOMB" & setsid sh -c "$BOMB" & }; f; sleep 100',
    "groups": "set -m; while :; do (set -m; sleep 100 & sleep 100 & sleep 100) & done",
}
UNFENCED = 'mount -t tmpfs none "$0" && exec "$@"'
"""Hides the cgroups from the program, so that it has to count."""


@contextmanager
def bounded(bound: int = BOUND) -> Iterator[Path]:
    """A pids cgroup of its own, whose members are ended. One bomb at a time: they would starve each other."""
    directory = find_own_cgroup()
    if directory is None or not os.access(directory, os.W_OK):
        pytest.skip("needs a pids cgroup below its own")
    made = Path(directory, f"test-bombs-{os.getpid()}")
    turn = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(turn, fcntl.LOCK_EX)
        made.mkdir()
        (made / "pids.max").write_text(str(bound))
        yield made
    finally:
        wait_until(lambda: not made.exists() or is_emptied(made), seconds=60)
        os.close(turn)


def highest_number(directory: Path) -> int:
    """Return the most tasks that were in the cgroup at once. Its pids.events do not tell: they leave out what
    was refused to members of cgroups below it."""
    return int((directory / "pids.peak").read_text())


def is_emptied(directory: Path) -> bool:
    for path in [*directory.glob("*/cgroup.procs"), directory / "cgroup.procs"]:
        for number in path.read_text().split():
            with suppress(ProcessLookupError):
                os.kill(int(number), signal.SIGKILL)
    with suppress(OSError):
        for path in directory.glob("*/"):
            path.rmdir()
        directory.rmdir()
        return True
    return False


BOTH = [(bomb, limit) for bomb in BOMBS for limit in ("kernel", "counted")]
TELLING = [
    ("sessions", "kernel"),
    ("orphans", "counted"),
]


@pytest.mark.parametrize(("name", "limit"), sweep(BOTH, TELLING))
def test_a_fork_bomb_ends_by_the_limit_and_leaves_nothing(tmp_path: Path, name: str, limit: str) -> None:
    bomb, fenced = BOMBS[name], limit == "kernel"
    path = write(
        tmp_path, 'task({name = "bomb", timeout = 240, run = function() cmd(os.getenv("BOMB")) end})'
    )
    command = [sys.executable, "-m", "sloth_tui", "run", path]
    with bounded() as directory:
        if not fenced:
            mount = str(directory.parent)
            command = ["unshare", "-m", "sh", "-c", UNFENCED, mount, *command]
            if subprocess.run([*command[:6], "true"], capture_output=True).returncode != 0:
                pytest.skip("needs the right to make a mount namespace")
        join = f'echo $$ > {directory}/cgroup.procs && exec "$@"'
        done = subprocess.run(
            ["sh", "-c", join, "sh", *command],
            capture_output=True,
            text=True,
            env={**os.environ, "BOMB": bomb.format(python=sys.executable) if "{python}" in bomb else bomb},
            timeout=300,
        )
        assert (done.returncode, done.stderr) == (20, "error: 1 task failed\n")
        assert "killed: its commands had more than 1,000 processes at once" in done.stdout
        if fenced:  # where it has to count, the bound of the test may be met first
            assert highest_number(directory) < BOUND
        assert (directory / "cgroup.procs").read_text() == ""
        assert list(directory.glob("*/")) == []


@pytest.mark.parametrize("bomb", sweep(["loop", "python"], ["loop"]))
def test_without_that_limit_only_the_test_ends_it(tmp_path: Path, bomb: str) -> None:
    """Shows that the tests above would fail: a copy of the program with limits that nothing reaches."""
    package = Path(sloth_tui.__file__).parent
    shutil.copytree(package, tmp_path / "sloth_tui", ignore=shutil.ignore_patterns("__pycache__"))
    limits = tmp_path / "sloth_tui/runner/worker/guarding/excess.py"
    limits.write_text(limits.read_text() + "\nMOST_PROCESSES = MOST_TASKS = 1_000_000\n")
    path = write(tmp_path, 'task({name = "bomb", run = function() cmd(os.getenv("BOMB")) end})')
    with bounded() as directory:
        join = f'echo $$ > {directory}/cgroup.procs && exec "$@"'
        run = subprocess.Popen(
            ["sh", "-c", join, "sh", sys.executable, "-m", "sloth_tui", "run", path],
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={
                **os.environ,
                "BOMB": BOMBS[bomb].format(python=sys.executable) if bomb == "python" else BOMBS[bomb],
                "PYTHONPATH": str(tmp_path),
            },
        )
        try:
            wait_until(lambda: highest_number(directory) == BOUND)
        finally:
            wait_until(lambda: is_emptied(directory), seconds=60)
            run.wait()


THREADS = """
import threading, time
def start():
    while True:
        try:
            threading.Thread(target=time.sleep, args=(100,)).start()
        except RuntimeError:
            time.sleep(0.01)
threading.stack_size(65536)
start()
"""


def test_threads_have_a_bound_and_words_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "threads.py").write_text(THREADS)
    command = f"exec {sys.executable} {tmp_path}/threads.py"
    path = write(tmp_path, f'task({{name = "a", timeout = 60, run = function() cmd("{command}") end}})')
    with bounded(6000) as directory:
        join = f'echo $$ > {directory}/cgroup.procs && exec "$@"'
        done = subprocess.run(
            ["sh", "-c", join, "sh", sys.executable, "-m", "sloth_tui", "run", path],
            capture_output=True,
            text=True,
            timeout=110,
        )
        assert (done.returncode, done.stderr) == (20, "error: 1 task failed\n")
        assert "killed: its commands had more than 4,000 processes and threads at once" in done.stdout
        assert highest_number(directory) < 6000
