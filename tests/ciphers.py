"""The build of apsw that can encrypt, which tests put first on the path of the programs that they start."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import apsw

HAS_CIPHERS = hasattr(apsw, "mc_version")
"""True in a process that runs on that build."""
DIRECTORY = Path(sys.prefix) / "ciphers"
"""Where ``tests/setup.sh`` puts it."""


def environment() -> dict[str, str]:
    """Return the environment of a program that runs on the build with ciphers."""
    return {**os.environ, "PYTHONPATH": str(DIRECTORY)}


def run_python(script: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a script on the build with ciphers."""
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env={**environment(), **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
