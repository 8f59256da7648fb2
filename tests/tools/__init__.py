"""Stand-ins for the tools that manage packages, services and users of a machine."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_PROGRAM = Path(__file__).parent / "program.py"
_BASICS = """
cat chmod cp date dirname env false grep head id ln ls mkdir mv printf pwd readlink rm sed sh sleep stat tail
test touch tr true"""
APT, DNF, APK = ("apt-get", "dpkg-query"), ("dnf", "rpm"), ("apk",)
SERVICES = ("systemctl",)
USERS = ("getent", "useradd", "usermod", "userdel")


class Machine:
    """A machine that is kept in files: packages, services and users, and the tools that change them.

    A package ``no-...`` does not exist; a package brings the service of its name. ``-virtual`` at the end is
    a name that another package provides.
    """

    def __init__(self, directory: Path, tools: Iterable[str] = (*APT, *SERVICES, *USERS)) -> None:
        self.directory = directory
        self.bin = directory / "bin"
        for name in ("bin", "packages", "services"):
            (directory / name).mkdir(parents=True)
        (directory / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
        (directory / "group").write_text("root:x:0:\nwww-data:x:33:\ndocker:x:40:\n")
        for name in tools:
            self.add(name, f'exec "{sys.executable}" -SE "{_PROGRAM}" "{directory}" {name} "$@"')
        for name in _BASICS.split():
            found = shutil.which(name)
            if found is not None and name not in tools:
                (self.bin / name).symlink_to(found)

    def add(self, name: str, text: str) -> None:
        """Add a program that is this text of a shell."""
        program = self.bin / name
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)

    @property
    def path(self) -> str:
        """PATH with nothing that could change the real machine."""
        return str(self.bin)

    @property
    def calls(self) -> list[str]:
        """The commands so far that were to change something, without the options for settings."""
        log = self.directory / "calls"
        return log.read_text().splitlines() if log.exists() else []

    def package(self, name: str) -> str | None:
        path = self.directory / "packages" / name
        return path.read_text() if path.exists() else None

    def set_package(self, name: str, state: str | None) -> None:
        path = self.directory / "packages" / name
        if state is None:
            path.unlink()
        else:
            path.write_text(state)

    def service(self, name: str) -> tuple[str, str, str]:
        """LoadState, ActiveState and UnitFileState."""
        load, active, unit_file = (self.directory / "services" / name).read_text().split("\n")
        return load, active, unit_file

    def set_service(
        self, name: str, load: str = "loaded", active: str = "inactive", file: str = "disabled"
    ) -> None:
        (self.directory / "services" / name).write_text(f"{load}\n{active}\n{file}")

    def user(self, name: str) -> list[str] | None:
        """uid, gid, comment, home and shell."""
        for line in (self.directory / "passwd").read_text().splitlines():
            fields = line.split(":")
            if fields[0] == name:
                return fields[2:]
        return None

    def set_user(self, name: str, *fields: str) -> None:
        """Replace it; without ``fields`` remove it."""
        path = self.directory / "passwd"
        kept = [line for line in path.read_text().splitlines() if not line.startswith(f"{name}:")]
        path.write_text("\n".join([*kept, *([":".join((name, "x", *fields))] if fields else [])]) + "\n")

    def members(self, group: str) -> list[str]:
        for line in (self.directory / "group").read_text().splitlines():
            name, _, _, members = line.split(":")
            if name == group:
                return [each for each in members.split(",") if each]
        raise AssertionError(group)

    def everything(self) -> dict[str, str]:
        """What its files hold, but for its tools."""
        found = (path for path in self.directory.rglob("*") if path.is_file() and path.parent != self.bin)
        return {os.fspath(path.relative_to(self.directory)): path.read_text() for path in found}
