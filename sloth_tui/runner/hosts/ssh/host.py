"""A host that the system's OpenSSH reaches; a POSIX shell is all that it needs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NoReturn

from sloth_tui.errors import HostError
from sloth_tui.runner import link
from sloth_tui.runner.hosts.host import (
    AT_ONCE,
    DIRECTORY,
    CommandEnd,
    Defaults,
    Tree,
    check_names,
    no_directory,
)
from sloth_tui.runner.hosts.local.command import Invocation, run_process
from sloth_tui.runner.hosts.ssh import answers, requests
from sloth_tui.runner.hosts.ssh.command import ChannelCommand, MarkedOutput
from sloth_tui.runner.hosts.ssh.connection import read_log
from sloth_tui.runner.hosts.ssh.contents import read_back
from sloth_tui.runner.hosts.ssh.errors import last_line
from sloth_tui.runner.hosts.ssh.requests import call, octal, path_argument
from sloth_tui.runner.hosts.ssh.session import SshSession

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sloth_tui.runner.control_files import ControlFiles
    from sloth_tui.runner.hosts.host import Attributes, Command, Content, Found, Replacement
    from sloth_tui.runner.hosts.ssh.session import Channel, Destination, Way

_NO_ID = 0xFFFF_FFFF
"""The number that means "unchanged" in chown(2)."""


class SshHost:
    """Commands are channels of the connection; everything else is a request to the resident shell."""

    def __init__(self, name: str, destination: Destination, files: ControlFiles, way: Way) -> None:
        self.name = name
        self._session = SshSession(name, destination, files, way)
        self._ids: dict[tuple[str, str], int] = {}

    def connect(self) -> None:
        """Connect now. Raises UsageError, HostError."""
        self._session.connect()

    def close(self) -> None:
        self._session.close()

    # Commands

    def run(self, command: Command, grace: float, receive: Callable[[str, bytes], None]) -> CommandEnd:
        for retries_left in (True, False):
            end = self._attempt(command, grace, receive, retries=retries_left)
            if end is not None:
                return end
        raise AssertionError("the last attempt returns or raises")

    def _attempt(
        self, command: Command, grace: float, receive: Callable[[str, bytes], None], *, retries: bool
    ) -> CommandEnd | None:
        """Run a command in a channel. ``retries``: return None, instead of raising, if it never began."""
        channel = self._session.open_channel(command)
        output = MarkedOutput(self._session.markers(channel), receive)
        remote = ChannelCommand(self._session.connect(), channel.number, output)
        invocation = Invocation(channel.arguments, None, {}, command.stdin, command.timeout, command.grace)
        if run_process(invocation, grace, output.receive, remote) is None:
            return CommandEnd(None)
        if output.verdict is None:
            called_off = not output.begun and remote.call_off()
            if called_off and retries and not link.stopped():
                return None
            self._explain_no_end(remote, channel, begun=not called_off)
        return self._end(command, *output.verdict)

    def _explain_no_end(self, remote: ChannelCommand, channel: Channel, *, begun: bool) -> NoReturn:
        """Raise HostError for a command that did not come to its end."""
        remote.kill()
        said = read_log(channel.log)
        if begun:
            self._session.give_up(said, acting=True)
        why = last_line(said) or "ssh gives no reason"
        raise HostError(f"'{self.name}' did not run the command: {why}")

    def _end(self, command: Command, code: int, words: str) -> CommandEnd:
        word, _, said = words.partition(" ")
        if word == "cwd":
            directory = command.cwd or self._session.destination.cwd or ""
            raise HostError(no_directory(directory, self.name))
        if word.endswith("-fails"):
            guard = word.removesuffix("-fails")
            text = requests.one_line((command.unless if guard == "unless" else command.onlyif) or b"")
            why = said.strip() or f"exit code {code}"
            raise HostError(f"{guard} '{text}' cannot be run on '{self.name}': {why}")
        skipped = requests.skipped(command, word)
        return CommandEnd(code if skipped is None else 0, skipped)

    def check_guards(self, command: Command) -> str | None:
        body = self._session.guards_request(command)
        told = self._session.ask_for_success(body, acting=False).decode("utf-8", "backslashreplace")
        code, _, words = told.rpartition("\n")[2].partition(" ")
        return self._end(command, int(code), words).skipped

    # Looking

    def look(self, paths: Sequence[str], *, checksum: bool = True, content: bool = False) -> list[Found]:
        if not paths:
            return []
        for path in paths:
            check_names(path, self.name)
        names = [path_argument(path) for path in paths]
        if checksum and not content and not self._session.has("checksums"):
            return [each._replace(content=None) for each in self.look(paths, content=True)]
        if not content:
            about = paths[0] if len(paths) == 1 else None
            answer = self._read(call("look", b"1" if checksum else b"", *names), about)
            return self._session.parsed(lambda: answers.parse_looked(answer, len(names)))
        return read_back(self._session, paths, names)

    def check_removable(self, path: str, *, is_directory: bool) -> None:
        # Nothing is mounted below what is no directory.
        self._read(call("check_removable", path_argument(path).rstrip(b"/") or b"/"), path)

    def defaults(self) -> Defaults:
        answer = self._read(b"umask && id -u && id -g")
        mask, uid, gid = self._session.parsed(answer.split)
        return self._session.parsed(lambda: Defaults(int(mask, 8), int(uid), int(gid)))

    def list_tree(self, path: str) -> list[tuple[str, Found]]:
        answer = self._read(call("list_tree", path_argument(path)), path)
        return self._below(path, answer)

    def look_at_tree(self, path: str) -> Tree:
        check_names(path, self.name)
        answer = self._read(call("look_at_tree", path_argument(path)), path)
        root, rest = self._session.parsed(lambda: answers.parse_root(answer))
        return Tree(root, self._below(root.path, rest) if root.kind == DIRECTORY else [])

    def _below(self, path: str, answer: bytes) -> list[tuple[str, Found]]:
        """Return what ``list_tree`` told of a directory. What it did not, is looked at."""
        known, unknown = self._session.parsed(lambda: answers.parse_tree(answer, path))
        looked = self.look([os.path.join(path, name) for name in unknown])
        return sorted([*known, *zip(unknown, looked, strict=True)], key=lambda entry: entry[0].split("/"))

    def _read(self, body: bytes, about: str | None = None) -> bytes:
        return self._session.ask_for_success(body, acting=False, about=about)

    # Acting

    def put(self, path: str, content: Content, wanted: Attributes, how: Replacement = AT_ONCE) -> str | None:
        from sloth_tui.runner.hosts.ssh.files import put_file

        return put_file(self._session, path, content, wanted, how)

    def put_tree(self, path: str, files: Sequence[tuple[str, Content, Attributes]]) -> None:
        from sloth_tui.runner.hosts.ssh.files import put_files

        put_files(self._session, path, files)

    def set_attributes(self, path: str, wanted: Attributes) -> None:
        name = path_argument(path)
        self._act(path, call("dress", name, *octal(wanted), name))

    def make_directory(self, path: str, wanted: Attributes, *, parents: bool) -> None:
        name = path_argument(path).rstrip(b"/")
        self._act(path, call("make_directory", name, *octal(wanted), b"1" if parents else b""))

    def make_link(self, path: str, to: str) -> None:
        name = path_argument(path)
        temporary = self._session.temporary(name).rpartition(b"/")[2]
        self._act(path, call("make_link", name, os.fsencode(to), temporary))

    def remove(self, path: str, *, recurse: bool = False) -> None:
        name = path_argument(path).rstrip(b"/") or b"/"
        self._act(path, call("remove", name, b"1" if recurse else b""))

    def _act(self, path: str, body: bytes) -> None:
        self._session.ask_for_success(body, about=path)

    # Names

    def user_id(self, name: str) -> int:
        return self._id("user", name, call("id", b"-u", b"--", os.fsencode(name)))

    def group_id(self, name: str) -> int:
        return self._id("group", name, call("find_group", os.fsencode(name)))

    def _id(self, kind: str, name: str, body: bytes) -> int:
        if (kind, name) not in self._ids:
            text = name.encode()
            if not (name.isascii() and name.isdigit()):
                text = self._session.ask(body, acting=False).text.strip()
            number = int(text) if text.isdigit() else _NO_ID
            if number >= _NO_ID:
                raise HostError(f"'{name}' is not a {kind} of '{self.name}'")
            self._ids[kind, name] = number
        return self._ids[kind, name]
