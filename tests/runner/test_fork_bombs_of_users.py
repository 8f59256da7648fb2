"""Fork bombs of an ordinary user, who may make no cgroup: the kernel's limit for users bounds them."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.processes import processes
from tests.runner.support import write
from tests.runner.test_fork_bombs import BOMBS, bounded

if TYPE_CHECKING:
    from collections.abc import Iterator

# Each waits for its turn.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

USER = 54321
"""A user id without an account. Other test sessions on this machine may use it, and count as well."""
BOUND = 2000
"""The bound of a run, what others may add meanwhile, and the program itself."""
ENDS = (
    "killed: its commands had more than 1,000 processes at once",
    "Cannot fork",
    "temporarily unavailable",
)
"""How the run tells of it. A bomb whose first process is refused another one may end before it is judged."""
AS_USER = f"""
import os, sys
os.setgroups([]); os.setgid({USER}); os.setuid({USER})
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.fixture(scope="module")
def program() -> Iterator[tuple[str, Path]]:
    """An interpreter and a directory with the program that every user can read."""
    if os.getuid() != 0:
        pytest.skip("needs the right to become another user")
    python = readable_python()
    with tempfile.TemporaryDirectory(prefix="sloth-test-") as directory:
        os.chmod(directory, 0o755)
        for name in ("sloth_tui", "lupa"):
            spec = importlib.util.find_spec(name)
            assert spec is not None
            assert spec.origin is not None
            shutil.copytree(Path(spec.origin).parent, Path(directory, name))
        yield python, Path(directory)


def readable_python() -> str:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for path in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        command = [sys.executable, "-c", AS_USER, path, "-c", ""]
        if os.path.exists(path) and subprocess.run(command, capture_output=True).returncode == 0:
            return path
    pytest.skip("needs an interpreter that other users can start")


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_fork_bomb_of_a_user_ends_by_the_limit(program: tuple[str, Path], bomb: str) -> None:
    python, directory = program
    home = Path(tempfile.mkdtemp(dir=directory))
    path = write(home, 'task({name = "bomb", timeout = 240, run = function() cmd(os.getenv("BOMB")) end})')
    for each in (home, Path(path)):
        os.chown(each, USER, USER)
    with bounded(BOUND) as cgroup:
        join = f'echo $$ > {cgroup}/cgroup.procs && exec "$@"'
        command = [sys.executable, "-c", AS_USER, python, "-m", "sloth_tui", "run", path]
        done = subprocess.run(
            ["sh", "-c", join, "sh", *command],
            capture_output=True,
            text=True,
            cwd=home,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(directory),
                "SLOTH_RUNNER_HOME": str(home / "base"),
                "BOMB": bomb.format(python=python) if "{python}" in bomb else bomb,
            },
            timeout=300,
        )
        assert (done.returncode, done.stderr) == (20, "error: 1 task failed\n")
        assert any(end in done.stdout for end in ENDS), done.stdout
        assert "max 0" in (cgroup / "pids.events").read_text().splitlines()
        assert (cgroup / "cgroup.procs").read_text() == ""
        assert [p for p in processes() if owner(p.pid) == USER] == []


def owner(pid: int) -> int | None:
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except OSError:
        return None
