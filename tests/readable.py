"""An interpreter and a copy of the program that every user can read, for tests that become another user."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = 65534


def as_user(user: int) -> list[str]:
    """Return the beginning of a command line that runs the rest, a program by its path, as this user."""
    script = (
        f"import os, sys; os.setgroups([]); os.setgid({user}); os.setuid({user}); "
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    return [sys.executable, "-c", script]


@contextmanager
def readable_program() -> Iterator[tuple[str, Path]]:
    """The path of the interpreter, and the directory to import from. Skips the test if there is none."""
    if os.getuid() != 0:
        pytest.skip("needs the right to become another user")
    python = _readable_python()
    with tempfile.TemporaryDirectory(prefix="sloth-test-") as directory:
        os.chmod(directory, 0o755)
        for name in ("sloth_tui", "lupa"):
            spec = importlib.util.find_spec(name)
            assert spec is not None
            assert spec.origin is not None
            shutil.copytree(Path(spec.origin).parent, Path(directory, name))
        yield python, Path(directory)


def _readable_python() -> str:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for path in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        command = [*as_user(NOBODY), path, "-c", ""]
        if os.path.exists(path) and subprocess.run(command, capture_output=True).returncode == 0:
            return path
    pytest.skip("needs an interpreter that other users can start")
