"""The command line as a user without privileges, in a process of its own; root may search every directory."""

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
