"""Programs without the privileges of root, which may search and write every directory."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

NOBODY = 65534

# What is imported before the right to read this checkout may be gone.
_PROGRAM = f"""
import importlib, os, pkgutil, sys
import sloth_tui.cli, sloth_tui.store
for package in (sloth_tui.cli, sloth_tui.store):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
if os.getuid() == 0:
    os.setgroups([]), os.setgid({NOBODY}), os.setuid({NOBODY})
sys.exit(sloth_tui.cli.main(sys.argv[1:]))
"""


WITHOUT_RIGHTS = [
    sys.executable,
    "-c",
    """
import ctypes, os, sys
if os.getuid() == 0:
    PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        assert ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0
os.execv(sys.argv[1], sys.argv[1:])
""",
]
"""Before the path and the words of a program: what it starts too may do with files only what their modes say.

It stays the user it was, so that it finds the interpreter and this checkout, which other users may not."""


class Ended(NamedTuple):
    code: int
    out: str
    err: str


def run_unprivileged(base: Path, *words: str) -> Ended:
    """Run one command on this base directory."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *words],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "SLOTH_RUNNER_HOME": str(base)},
    )
    return Ended(done.returncode, done.stdout, done.stderr)
