"""A disk that is soon full: a file system in memory, mounted for one test by who may do that."""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


class Disk:
    """Where it is, and what fills it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def fill(self, *, but: int = 0) -> None:
        """Leave room for so many bytes."""
        (self.root / "ballast").unlink(missing_ok=True)
        free = os.statvfs(self.root).f_bavail * os.statvfs(self.root).f_bsize
        if free > but:
            with open(self.root / "ballast", "wb") as file:
                os.posix_fallocate(file.fileno(), 0, free - but)

    def empty(self) -> None:
        (self.root / "ballast").unlink(missing_ok=True)


@contextmanager
def small_disk(size: int = 1024 * 1024) -> Iterator[Disk]:
    """A file system of so many bytes; skips the test where it cannot be mounted."""
    with tempfile.TemporaryDirectory(prefix="sloth-disk-") as directory:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", directory]
        try:
            done = subprocess.run(mount, capture_output=True, timeout=60)
        except FileNotFoundError:
            pytest.skip("no mount here")
        if done.returncode:
            pytest.skip("a file system cannot be mounted here")
        try:
            yield Disk(Path(directory))
        finally:
            subprocess.run(["umount", directory], check=True, timeout=60)
