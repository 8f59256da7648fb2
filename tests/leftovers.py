"""What a run of the tests must not leave behind: processes, and files among the temporary ones.

Whatever the tests start inherits a mark in its environment, and a directory for temporary files. When all
tests are over, neither may be anybody's or hold anything: a run that leaves something fails.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import uuid
from pathlib import Path

_MARK = "PYTEST_RUN_OF_SLOTH_TUI"
_PATIENCE_SECONDS = 20.0
"""Seconds that what was killed last may take to be gone."""


class Leftovers:
    """Marks a run of the tests, and looks in the end what is left of it."""

    def __init__(self) -> None:
        self._mark = f"{_MARK}={uuid.uuid4().hex}".encode()
        # Those of each test are pytest's affair: it keeps them for who looks into a failure.
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())
        self._directory = Path(tempfile.mkdtemp(prefix="sloth-tests-"))
        self._directory.chmod(0o755)
        os.environ[_MARK] = self._mark.decode().partition("=")[2]
        os.environ["TMPDIR"] = tempfile.tempdir = str(self._directory)

    def found(self) -> list[str]:
        """One line each, after whatever is about to end has ended. It can be asked once."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while (processes := self._processes()) and time.monotonic() < deadline:
            time.sleep(0.05)
        files = [f"file {path}" for path in sorted(self._directory.iterdir())]
        shutil.rmtree(self._directory, ignore_errors=True)
        return processes + files

    def _processes(self) -> list[str]:
        """Those with our mark but this one; none where there is no procfs."""
        found = []
        for directory in Path("/proc").glob("[0-9]*"):
            try:
                marked = self._mark in (directory / "environ").read_bytes().split(b"\0")
                command = (directory / "cmdline").read_bytes().replace(b"\0", b" ")
            except OSError:  # it is gone, or somebody else's
                continue
            if marked and int(directory.name) != os.getpid():
                found.append(f"process {directory.name}: {command.decode(errors='replace')[:200]}")
        return found
