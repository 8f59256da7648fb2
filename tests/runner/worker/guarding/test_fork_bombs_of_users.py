"""Fork bombs of an ordinary user, who may make no cgroup: the kernel's limit for users bounds them."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.processes import processes
from tests.readable import as_user, readable_program
from tests.runner.support import write
from tests.runner.worker.guarding.test_fork_bombs import BOMBS, bounded, highest_number
from tests.support import sweep

if TYPE_CHECKING:
    from collections.abc import Iterator

# Each waits for its turn.
pytestmark = [pytest.mark.long, pytest.mark.slow, pytest.mark.timeout(900)]

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


@pytest.fixture(scope="module")
def program() -> Iterator[tuple[str, Path]]:
    """An interpreter and a directory with the program that every user can read."""
    with readable_program() as found:
        yield found


@pytest.mark.parametrize("name", sweep(BOMBS, ["pipes"]))
def test_a_fork_bomb_of_a_user_ends_by_the_limit(program: tuple[str, Path], name: str) -> None:
    bomb = BOMBS[name]
    python, directory = program
    home = Path(tempfile.mkdtemp(dir=directory))
    path = write(home, 'task({name = "bomb", timeout = 240, run = function() cmd(os.getenv("BOMB")) end})')
    for each in (home, Path(path)):
        os.chown(each, USER, USER)
    with bounded(BOUND) as cgroup:
        join = f'echo $$ > {cgroup}/cgroup.procs && exec "$@"'
        command = [*as_user(USER), python, "-m", "sloth_tui", "run", path]
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
        # A bomb whose processes cannot be more, and whose first one was refused nothing, ends by itself.
        assert (done.returncode, done.stderr) in ((20, "error: 1 task failed\n"), (0, ""))
        assert any(end in done.stdout for end in ENDS), done.stdout
        assert highest_number(cgroup) < BOUND
        assert (cgroup / "cgroup.procs").read_text() == ""
        assert [p for p in processes() if owner(p.pid) == USER] == []


def owner(pid: int) -> int | None:
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except OSError:
        return None
