"""This machine as a host."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sloth_tui.errors import HostError, UsageError
from sloth_tui.runner.hosts.host import (
    AT_ONCE,
    DIRECTORY,
    Attributes,
    Command,
    CommandEnd,
    Defaults,
    Found,
    Tree,
    no_directory,
)
from sloth_tui.runner.hosts.local.looking import host_error, look_at, names_below, own_path
from sloth_tui.text import format_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sloth_tui.runner.hosts.host import Content, Replacement

_NOT_FOUND = (126, 127)
"""Exit codes of a shell that cannot run a command."""
_LAST_BYTES = 1000


class LocalHost:
    """Acts on this machine. Its modules are imported where a task first needs them."""

    name = "local"

    # Commands

    def run(self, command: Command, grace: float, receive: Callable[[str, bytes], None]) -> CommandEnd:
        from sloth_tui.runner.hosts.local.command import run_command

        skipped = self.check_guards(command, grace)
        if skipped is not None:
            return CommandEnd(0, skipped)
        with _starting(command):
            return CommandEnd(run_command(command, grace, receive))

    def check_guards(self, command: Command, grace: float = 0.0) -> str | None:
        if command.creates and all(os.path.exists(_in(command.cwd, path)) for path in command.creates):
            return f"creates {', '.join(command.creates)}"
        if command.removes and not any(os.path.exists(_in(command.cwd, path)) for path in command.removes):
            return f"removes {', '.join(command.removes)}"
        for guard, text, stops in (
            ("unless", command.unless, True),
            ("onlyif", command.onlyif, False),
        ):
            if text is not None and (self._guard_holds(guard, text, command, grace) is stops):
                return f"{guard} {_shown(text)}"
        return None

    def _guard_holds(self, guard: str, text: bytes, command: Command, grace: float) -> bool:
        from sloth_tui.runner.hosts.local.command import run_command

        asked = Command(text, command.cwd, command.env, timeout=command.timeout, grace=command.grace)
        last = _LastBytes()
        with _starting(asked):
            code = run_command(asked, grace, last.receive)
        if code is None:
            raise HostError(
                f"{guard} '{_shown(text)}' took longer than {format_duration(command.timeout or 0)}"
            )
        if code in _NOT_FOUND:
            raise HostError(f"{guard} '{_shown(text)}' cannot be run{last.told()}")
        return code == 0

    # Looking

    def look(self, paths: Sequence[str], *, checksum: bool = True, content: bool = False) -> list[Found]:
        return [look_at(path, checksum=checksum, content=content) for path in paths]

    def check_removable(self, path: str, *, is_directory: bool) -> None:
        from sloth_tui.runner.hosts.local.removal import check_removable

        check_removable(path, is_directory=is_directory)

    def defaults(self) -> Defaults:
        mask = os.umask(0o077)
        os.umask(mask)
        return Defaults(mask, os.geteuid(), os.getegid())

    def list_tree(self, path: str) -> list[tuple[str, Found]]:
        with _naming(path):
            return [
                (name, look_at(os.path.join(path, name), checksum=True, content=False))
                for name in names_below(path)
            ]

    def look_at_tree(self, path: str) -> Tree:
        root = look_at(path, checksum=False, content=False)
        return Tree(root, self.list_tree(root.path) if root.kind == DIRECTORY else [])

    # Acting

    def put(self, path: str, content: Content, wanted: Attributes, how: Replacement = AT_ONCE) -> str | None:
        from sloth_tui.runner.hosts.local.atomic_file import replace_file

        source = getattr(content, "path", None)
        with _naming(path, source):
            return replace_file(path, content, wanted, how, _validate)

    def set_attributes(self, path: str, wanted: Attributes) -> None:
        from sloth_tui.runner.hosts.local.atomic_file import set_attributes

        with _naming(path):
            set_attributes(path, wanted)

    def make_directory(self, path: str, wanted: Attributes, *, parents: bool) -> None:
        with _naming(path):
            if parents:
                os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
            os.mkdir(path)
            try:
                self.set_attributes(path, wanted)
            except BaseException:
                os.rmdir(path)
                raise

    def make_link(self, path: str, to: str) -> None:
        from sloth_tui.durable import flush_directory
        from sloth_tui.runner.hosts.local.atomic_file import temporary_name

        with _naming(path):
            path = own_path(path)
            temporary = temporary_name(path)
            os.symlink(to, temporary)
            try:
                os.replace(temporary, path)
            except BaseException:
                os.unlink(temporary)
                raise
            flush_directory(os.path.dirname(path))

    def remove(self, path: str, *, recurse: bool = False) -> None:
        from sloth_tui.runner.hosts.local.removal import remove

        with _naming(path):
            remove(path, recurse=recurse)

    def put_tree(self, path: str, files: Sequence[tuple[str, Content, Attributes]]) -> None:
        for name, content, wanted in files:
            self.put(os.path.realpath(os.path.join(path, name)), content, wanted)

    # Names

    def user_id(self, name: str) -> int:
        import pwd

        try:
            return _id(name) if _is_id(name) else pwd.getpwnam(name).pw_uid
        except (KeyError, ValueError):
            raise HostError(f"'{name}' is not a user of this machine") from None

    def group_id(self, name: str) -> int:
        import grp

        try:
            return _id(name) if _is_id(name) else grp.getgrnam(name).gr_gid
        except (KeyError, ValueError):
            raise HostError(f"'{name}' is not a group of this machine") from None

    def close(self) -> None:
        return


class _LastBytes:
    """Keeps the end of what a command writes to stderr."""

    def __init__(self) -> None:
        self._kept = b""

    def receive(self, stream: str, data: bytes) -> None:
        if stream == "stderr":
            self._kept = (self._kept + data)[-_LAST_BYTES:]

    def told(self) -> str:
        """Return the last line after a colon; empty if there is none."""
        lines = self._kept.decode("utf-8", "backslashreplace").strip().splitlines()
        return f": {lines[-1]}" if lines else ""


def _validate(how: Replacement, path: str) -> None:
    import shlex

    from sloth_tui.runner.hosts.local.command import run_command

    command = how.validate or ""
    text = os.fsencode(command.replace("%s", shlex.quote(path)))
    last = _LastBytes()
    code = run_command(Command(text), 0.0, last.receive)
    if code != 0:
        said = "" if how.secret else last.told()
        raise HostError(
            f"validate '{command}' ended with exit code {code}{said}", hint="nothing was replaced"
        )


@contextmanager
def _naming(path: str, source: str | None = None) -> Iterator[None]:
    """Turn errors of the operating system into a HostError of one line, which names this path.

    ``source``: a file that it may be about instead.
    """
    try:
        yield
    except (OSError, UsageError) as error:
        raise host_error(error, path, source) from error


@contextmanager
def _starting(command: Command) -> Iterator[None]:
    if command.cwd is not None and not os.path.isdir(command.cwd):
        raise HostError(no_directory(command.cwd, LocalHost.name))
    try:
        yield
    except OSError as error:
        raise HostError(f"cannot start: {_obstacle(error)}") from error


def _obstacle(error: OSError) -> str:
    from sloth_tui import shortage

    if error.errno == errno.EAGAIN:  # of fork(2)
        return shortage.too_many_processes()
    return shortage.describe_shortage(error) or error.strerror or str(error)


def _in(directory: str | None, path: str) -> str:
    return path if directory is None else os.path.join(directory, path)


def _shown(text: bytes) -> str:
    """Return a command on one line."""
    return " ".join(text.decode("utf-8", "backslashreplace").split())


def _is_id(name: str) -> bool:
    return name.isascii() and name.isdigit()


def _id(digits: str) -> int:
    """Raises ValueError beyond 32 bits, and for the last number, which means "unchanged" in chown(2)."""
    number = int(digits)
    if number >= 0xFFFF_FFFF:
        raise ValueError(digits)
    return number
