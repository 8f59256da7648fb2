"""One connection of the system's ssh: its command lines and files, and the user's own master if one lives."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from sloth_tui.errors import HostError, UsageError
from sloth_tui.runner.hosts.ssh.errors import Target, last_line
from sloth_tui.runner.limits import original_limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sloth_tui.runner.control_files import ControlFiles

_OPTIONS = (
    "BatchMode=yes",
    "RequestTTY=no",
    "RemoteCommand=none",
    "ClearAllForwardings=yes",
    "PermitLocalCommand=no",
    "ControlPersist=no",
)
_ALIVE_SECONDS, _ALIVE_COUNT = 5, 3
"""How often a silent server is asked whether it is there, and after how many times it is given up."""
_CONNECT_SECONDS = 15
_NO_SSH = "delegation needs OpenSSH's ssh, which is not installed here"


class Connection:
    """The command lines that lead to one host, all over one connection."""

    def __init__(self, name: str, destination: str, files: ControlFiles) -> None:
        """Ask ssh for its configuration of the host. Raises UsageError, HostError."""
        if destination.startswith("-") or not destination.isprintable() or not destination.strip():
            of = "" if name == destination else f"'{name}': "
            raise UsageError(f"{of}'{destination}' is not a destination of ssh")
        self._destination = destination
        self._files = files
        self.log = files.new()
        config = self._configuration(name)
        self.target = Target(name, destination, config.get("user", ""))
        self._options = [option for each in _OPTIONS for option in ("-o", each)]
        if config.get("serveraliveinterval", "0") == "0":
            self._options += ["-o", f"ServerAliveInterval={_ALIVE_SECONDS}"]
            self._options += ["-o", f"ServerAliveCountMax={_ALIVE_COUNT}"]
        if config.get("connecttimeout", "none") == "none":
            self._options += ["-o", f"ConnectTimeout={_CONNECT_SECONDS}"]
        self._socket = None if self._has_live_master(config) else files.new()

    def master(self, command: str) -> list[str]:
        """Return the command line that connects, unless the user's own master is there."""
        return self._line(command, self.log, master=True)

    def channel(self, command: str, log: str) -> list[str]:
        """Return a command line over the connection. ``log``: the file for the words of ssh."""
        return self._line(command, log, master=False)

    def new_log(self) -> str:
        return self._files.new()

    def _line(self, command: str, log: str, *, master: bool) -> list[str]:
        control = ["-o", "ControlMaster=" + ("yes" if master and self._socket else "no")]
        if self._socket is not None:
            control += ["-o", f"ControlPath={self._socket}"]
        return ["ssh", "-T", "-E", log, *control, *self._options, "--", self._destination, command]

    def _configuration(self, name: str) -> dict[str, str]:
        done = _ask(["ssh", "-G", "--", self._destination])
        if done.returncode != 0:
            said = last_line(done.stderr.decode("utf-8", "backslashreplace"))
            raise HostError(f"cannot reach '{name}': {said}")
        lines = done.stdout.decode("utf-8", "surrogateescape").splitlines()
        return {key: value for key, _, value in (line.partition(" ") for line in lines)}

    def _has_live_master(self, config: dict[str, str]) -> bool:
        if config.get("controlpath", "none") == "none":
            return False
        return _ask(["ssh", "-O", "check", "--", self._destination]).returncode == 0


def _ask(arguments: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
    try:
        with original_limits():
            return subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except FileNotFoundError:
        raise HostError(_NO_SSH, hint="on Debian: apt install openssh-client") from None
    except OSError as error:
        raise HostError(f"cannot start ssh: {error.strerror}") from error


def read_log(path: str) -> str:
    """Return the words of ssh; empty if it said nothing."""
    try:
        with open(path, encoding="utf-8", errors="backslashreplace") as file:
            return file.read()
    except OSError:
        return ""
