"""The connection to a host, the resident shells on it, and the scripts that channels of it run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple, NoReturn, TypeVar

from sloth_tui.errors import HostError, UsageError
from sloth_tui.runner.hosts.ssh import requests
from sloth_tui.runner.hosts.ssh.connection import Connection, read_log
from sloth_tui.runner.hosts.ssh.errors import connection_lost, explain, explain_sudo, last_line, refused
from sloth_tui.runner.hosts.ssh.remote_shell import PERIOD_SECONDS, RemoteShell, ShellLost, ShellSetup

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sloth_tui.runner.control_files import ControlFiles
    from sloth_tui.runner.hosts.host import Command
    from sloth_tui.runner.hosts.ssh.remote_shell import Answer


T = TypeVar("T")


class Destination(NamedTuple):
    """How a host is reached, and what its commands begin with."""

    ssh: str
    """As ssh takes it: a host of its configuration, ``user@host`` or ``ssh://user@host:port``."""
    become: str | None = None
    """The user that sudo makes of the one who logs in."""
    cwd: str | None = None
    env: Mapping[str, str] = {}


class Way(NamedTuple):
    """What all hosts of a run have in common."""

    run: str
    """The id of the run; empty outside of one."""
    grace: float
    """Seconds that commands have to end when the connection does."""
    program: str = "/bin/sh"
    """The shell of the other hosts."""
    period: int = PERIOD_SECONDS
    """Seconds between two heartbeats."""


class Channel(NamedTuple):
    """A script on the host, and the command line of ssh that runs it."""

    number: int
    arguments: list[str]
    log: str
    """The file for the words of ssh."""


class SshSession:
    """Connected when it is first needed, and again after the connection was lost."""

    def __init__(self, name: str, destination: Destination, files: ControlFiles, way: Way) -> None:
        self.name = name
        self.destination = destination
        self._files = files
        self._way = way
        self._connection: Connection | None = None
        self._shells: list[RemoteShell] = []
        """The one of the login user, and with ``become`` one of the other user, which comes last."""
        self._nonce = ""
        self._count = 0

    def connect(self) -> RemoteShell:
        """Return the shell that acts. Raises UsageError, HostError."""
        if not self._shells:
            if self._connection is None:
                self._connection = Connection(self.name, self.destination.ssh, self._files)
            try:
                self._open_shells(self._connection)
            except BaseException:
                self.close()
                raise
        return self._shells[-1]

    def _open_shells(self, connection: Connection) -> None:
        become, program = self.destination.become, self._way.program
        try:
            own = self._open_shell(connection.master(f"exec {program} -s"), acts=become is None)
        except ShellLost as lost:
            raise explain(connection.target, lost, read_log(connection.log)) from None
        self._shells.append(own)
        if become is not None:
            sudo = connection.channel(f"exec sudo -n -H -u {become} -- {program} -s", connection.log)
            try:
                self._shells.append(self._open_shell(sudo, acts=True, peer=own.ready.parent))
            except ShellLost as lost:
                raise explain_sudo(connection.target, become, lost) from None
        if not self._shells[-1].ready.in_directory:
            raise HostError(f"'{self.name}': cwd '{self.destination.cwd}' is not a directory")

    def _open_shell(self, arguments: list[str], *, acts: bool, peer: int | None = None) -> RemoteShell:
        """Start a shell. Raises ShellLost, HostError."""
        self._nonce = os.urandom(12).hex()
        cwd = os.fsencode(self.destination.cwd or "") if acts else b""
        grace, program, period = self._way.grace, self._way.program, self._way.period
        try:
            return RemoteShell(arguments, ShellSetup(self._nonce, grace, program, cwd, peer, period))
        except OSError as error:
            raise HostError(f"cannot start ssh: {error.strerror}") from error

    def close(self) -> None:
        """End everything that was started there."""
        while self._shells:
            self._shells.pop().close()

    # Requests

    def ask(self, body: bytes, *, acting: bool = True) -> Answer:
        """Send a request. ``acting``: it changes something. Raises HostError if the connection is lost."""
        shell = self.connect()
        try:
            return shell.request(body)
        except ShellLost:
            self.give_up("", acting=acting)

    def ask_for_success(self, body: bytes, *, acting: bool = True, about: str | None = None) -> bytes:
        """Send a request, and return what it printed. ``about``: the path that errors name. Raises HostError
        if its status is not 0, too."""
        answer = self.ask(body, acting=acting)
        if answer.status != 0:
            raise self.refusal(answer, about)
        return answer.text

    def parsed(self, parse: Callable[[], T]) -> T:
        """Return what was made of an answer. Raises HostError where it raises ValueError."""
        try:
            return parse()
        except ValueError as error:
            raise HostError(f"'{self.name}' gave an answer that cannot be read: {error}") from error

    def refusal(self, answer: Answer, about: str | None = None) -> HostError:
        """Return the error for a request that was refused."""
        said = last_line(answer.text.decode("utf-8", "backslashreplace"))
        return refused(said or f"refused with status {answer.status}", about, self.name)

    def give_up(self, log: str, *, acting: bool) -> NoReturn:
        """Raise HostError: the connection is lost. The next request connects anew."""
        self.close()
        said = log or (read_log(self._connection.log) if self._connection else "")
        raise connection_lost(self.name, said, acting=acting)

    def is_alive(self) -> bool:
        """True if the shell answers."""
        try:
            return bool(self._shells) and self._shells[-1].request(b":").status == 0
        except ShellLost:
            return False

    def heredoc(self, line: bytes, data: bytes) -> bytes:
        """Return the request of a command line that gets data as its input."""
        octal_numbers = not self.has("base64")
        return requests.heredoc(line, data, self._nonce, octal_numbers=octal_numbers)

    def has(self, program: str) -> bool:
        """True if the host has what ``remote_shell.sh`` calls ``checksums``, ``base64`` or ``tar``."""
        return program in self.connect().ready.programs

    # Scripts

    def open_channel(self, command: Command) -> Channel:
        """Put the script of a command there. Raises UsageError, HostError."""
        self.connect()
        number = self._next()
        try:
            text = requests.script(command, number, self._surroundings())
        except ValueError as error:
            raise self._bad_variable(error) from None
        return self._channel(number, text)

    def open_raw_channel(self, text: bytes) -> Channel:
        """Put a script there that has nothing but its text, and its directory. Raises HostError."""
        self.connect()
        return self._channel(self._next(), requests.enter(self._surroundings().cwd) + text)

    def guards_request(self, command: Command) -> bytes:
        """Return the request that evaluates the guards of a command. Raises UsageError, HostError."""
        self.connect()
        try:
            return requests.guards_only(command, self._surroundings())
        except ValueError as error:
            raise self._bad_variable(error) from None

    def markers(self, channel: Channel) -> requests.Markers:
        return requests.markers(self._nonce, channel.number)

    def temporary(self, target: bytes) -> bytes:
        """Return the path of a file beside ``target`` that is not there."""
        self.connect()
        return b"%b/.sloth-%b.%d" % (target.rpartition(b"/")[0], self._nonce.encode(), self._next())

    @property
    def nonce(self) -> str:
        return self._nonce

    def _channel(self, number: int, text: bytes) -> Channel:
        assert self._connection is not None
        path = requests.script_path(self._nonce, number)
        # Nothing acts before the script runs.
        self.ask_for_success(self.heredoc(b"make_private && decode >%b" % path, text), acting=False)
        log, become = self._connection.new_log(), self.destination.become
        sudo = f"sudo -n -H -u {become} -- " if become else ""
        line = f"exec {sudo}{self._way.program} {path.decode()}"
        return Channel(number, self._connection.channel(line, log), log)

    def _surroundings(self) -> requests.Surroundings:
        cwd, env = os.fsencode(self.destination.cwd or ""), self.destination.env
        return requests.Surroundings(self._nonce, self._way.run, self._way.program, cwd, env)

    def command(self, text: str, path: bytes) -> bytes:
        """Return a command with this path for ``%s``, in the environment of the host's commands. Raises
        UsageError."""
        try:
            return b"\n".join(
                (*requests.exports(self.destination.env), os.fsencode(text).replace(b"%s", path))
            )
        except ValueError as error:
            raise self._bad_variable(error) from None

    def _bad_variable(self, error: ValueError) -> UsageError:
        return UsageError(f"env: '{error}' cannot be set on '{self.name}'")

    def _next(self) -> int:
        self._count += 1
        return self._count
