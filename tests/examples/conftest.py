"""Running examples as anybody would, on a machine they cannot change."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_store
from tests import tools, workers
from tests.cli.support import Result, piped
from tests.ssh import server, shared_server

if TYPE_CHECKING:
    from sloth_tui.model import Value

__all__ = ["server", "shared_server"]

_MKDIR = """#!/bin/sh
case "$*" in
  *" /var/www") echo "mkdir $*" >> "{log}" ;;
  *) exec /bin/mkdir "$@" ;;
esac
"""


class Machine:
    """An empty working directory and home, and on PATH the tools of another machine, kept in files."""

    def __init__(self, directory: Path) -> None:
        self.work = directory / "work"
        self.home = Path(os.environ["HOME"])
        self.work.mkdir()
        self.system = tools.Machine(directory / "system")
        self.system.set_service("nginx")
        mkdir = self.system.bin / "mkdir"
        mkdir.unlink()
        mkdir.write_text(_MKDIR.format(log=self.system.directory / "calls"))
        mkdir.chmod(0o755)
        self.system.add("nginx", "exit 0")

    @property
    def calls(self) -> list[str]:
        """The commands that were to change the system."""
        return self.system.calls

    def files(self) -> dict[str, tuple[int, int]]:
        """What is in the working directory and at home: inode and time of change by path."""
        found = [path for top in (self.work, self.home) for path in top.rglob("*")]
        return {str(path): (path.lstat().st_ino, path.lstat().st_mtime_ns) for path in found}

    def run(self, name: str, *words: str) -> Result:
        return piped("run", "--example", name, *words)

    def succeed(self, name: str, *words: str) -> str:
        """Run it; what it told."""
        result = self.run(name, *words)
        assert (result.code, result.err) == (0, ""), result.out
        return result.out


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    workers.use(monkeypatch)
    machine = Machine(tmp_path)
    monkeypatch.chdir(machine.work)
    monkeypatch.setenv("PATH", f"{machine.system.bin}:{os.environ['PATH']}")
    return machine


def stored() -> dict[str, Value]:
    with open_store("local") as store:
        return dict(store.items())


def put(**values: Value) -> None:
    with open_store("local", "write") as store:
        store.set_many({key.replace("__", ":"): value for key, value in values.items()})


def newest_revision() -> int:
    with open_store("local") as store:
        return store.revision()
