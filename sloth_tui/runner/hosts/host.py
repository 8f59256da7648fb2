"""The protocol of a host: a machine that the commands and files of tasks act on.

Resources (:mod:`sloth_tui.runner.resources`) compare what is wanted with what is found, and decide what must
change; a host looks and acts. There are three: this machine, a machine that OpenSSH reaches, and, in check
mode, a host over one of these that only remembers what would have been done.

Paths are absolute or relative to the directory that commands of the host start in. Every method raises
HostError if the host cannot be reached or refuses: one line, which names the host unless it is this machine.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple, Protocol

from sloth_tui.errors import HostError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import BinaryIO

ABSENT, FILE, DIRECTORY, OTHER, LOOP = "absent", "file", "directory", "other", "loop"
"""What is at a path, after links were followed. OTHER: a device, pipe or socket. LOOP: links in a circle."""

LARGEST_CONTENT = 64 * 1024 * 1024
"""Bytes of the largest file whose content a host returns."""


LONGEST_NAME = 255
"""Bytes of the longest name in a directory."""

BACKUP_STAMP = ".%Y-%m-%dT%H-%M-%S"
"""What strftime(3) makes the end of a backup's name of. After it comes ``~``, or ``-1~`` and so on for the
next ones of the same second."""


NOT_EMPTY_HINT = "recurse = true removes all that is in it, too"
"""What to do about a directory that is not empty."""


class Found(NamedTuple):
    """What is at a path. Symbolic links are followed; ``link`` says whether the path itself is one."""

    path: str
    """The path with all links followed. Of a link that leads to nothing: the path that would be created."""
    kind: str
    mode: int = 0
    """The twelve permission bits."""
    uid: int = -1
    gid: int = -1
    size: int = 0
    """Bytes."""
    sha256: str | None = None
    """Of a regular file, in lower-case hex; None if it was not asked for."""
    link: str | None = None
    """The text of the link, if the path itself is one."""
    parent: bool = True
    """True if the directory that ``path`` is in exists."""
    content: bytes | None = None
    """Of a regular file, if it was asked for."""


class Tree(NamedTuple):
    """A directory with all that is in it, or what is in its place."""

    root: Found
    below: list[tuple[str, Found]]
    """By relative path, in order. Links are not entered."""


class Attributes(NamedTuple):
    """Wanted attributes. None: leave it as it is, or take the default for something new."""

    mode: int | None = None
    uid: int | None = None
    gid: int | None = None


class Defaults(NamedTuple):
    """What new files and directories get unless something else is asked for."""

    umask: int
    uid: int
    gid: int
    """Of new files in directories that do not pass on their own (set-group-ID)."""


class Content(Protocol):
    """The wanted content of a file; it is always on this machine."""

    @property
    def size(self) -> int:
        """Return the number of bytes."""

    @property
    def sha256(self) -> str:
        """Return it in lower-case hex. Raises UsageError, OSError."""

    def open(self) -> BinaryIO:
        """Open it for reading. Raises OSError."""


class Replacement(NamedTuple):
    """How a file is replaced: nothing is, unless all of this holds."""

    expected: str | None = None
    """The SHA-256 that the file must still have; empty text: it must still be absent; None: not checked."""
    validate: str | None = None
    """A command for ``/bin/sh -c`` with one ``%s``, the path of the temporary file; it must end with 0."""
    backup: bool = False
    """Keep the replaced file beside the new one, under a name with the date."""
    secret: bool = False
    """What the command that validates says is not told: it may say the content."""


AT_ONCE = Replacement()
"""Without conditions."""


class Command(NamedTuple):
    """A command for ``/bin/sh -c``, and the guards that decide whether it runs."""

    text: bytes
    cwd: str | None = None
    env: Mapping[str, str] = {}
    """Added to the environment of the host's commands."""
    stdin: bytes | None = None
    timeout: float | None = None
    """Seconds."""
    grace: float | None = None
    """Seconds that it has to end once it is asked to; None: as many as the run gives."""
    creates: tuple[str, ...] = ()
    """It does not run if all of these paths exist. Relative ones, as below, are in ``cwd`` if it is given."""
    removes: tuple[str, ...] = ()
    """It does not run if none of these paths exists."""
    unless: bytes | None = None
    """It does not run if this command ends with 0."""
    onlyif: bytes | None = None
    """It does not run unless this command ends with 0."""
    reads: bool = False
    """It changes nothing, so that it runs in check mode, too."""


class CommandEnd(NamedTuple):
    """How a command ended."""

    code: int | None
    """Its exit code, 128 plus the number of the signal that ended it, or None after its timeout; 0 if it was
    skipped."""
    skipped: str | None = None
    """The guard because of which it did not run, such as ``creates /x``."""


class Host(Protocol):
    """One machine. Not for use by several threads."""

    name: str
    """As the task file calls it; ``local`` is this machine."""

    def run(self, command: Command, grace: float, receive: Callable[[str, bytes], None]) -> CommandEnd:
        """Run a command unless a guard stops it; pass stdout and stderr to ``receive(stream, data)``.

        After its timeout all of its processes are asked to end, and killed after its grace (``grace`` seconds
        if it has none of its own). A guard that cannot be run (exit code 126 or 127) raises HostError.
        """

    def check_guards(self, command: Command) -> str | None:
        """Return the guard that would stop the command, or None. Guards only read."""

    def look(self, paths: Sequence[str], *, checksum: bool = True, content: bool = False) -> list[Found]:
        """Return what is at each path, in one request.

        ``checksum``: with the SHA-256 of regular files; without, no file is opened. ``content``: with their
        bytes; raises HostError if there are more than LARGEST_CONTENT.
        """

    def put(self, path: str, content: Content, wanted: Attributes, how: Replacement = AT_ONCE) -> str | None:
        """Replace a regular file, or create it, at once and verified. Return the path of the backup, if any.

        ``path`` is a ``Found.path``. Attributes that are None are those of the replaced file, else of a new
        one. Raises FileChanged if the file is not the expected one.
        """

    def set_attributes(self, path: str, wanted: Attributes) -> None:
        """Change the attributes of a file or directory in place."""

    def make_directory(self, path: str, wanted: Attributes, *, parents: bool) -> None:
        """Create a directory. Missing parents are created with default attributes, if ``parents``."""

    def make_link(self, path: str, to: str) -> None:
        """Create a symbolic link whose text is ``to``, in place of a link or file that is there."""

    def remove(self, path: str, *, recurse: bool = False) -> None:
        """Remove a file, a link itself, an empty directory, or with ``recurse`` all that is in it, too."""

    def check_removable(self, path: str, *, is_directory: bool) -> None:
        """Raise HostError if :meth:`remove` would refuse the path, whatever is in it. ``is_directory``: it
        is one, and no link."""

    def defaults(self) -> Defaults:
        """Return what new files get."""

    def list_tree(self, path: str) -> list[tuple[str, Found]]:
        """Return what is below a directory: relative paths, in order. Links are not entered."""

    def look_at_tree(self, path: str) -> Tree:
        """Return what is at a path, without a checksum, and if it is a directory, what is below, too: in one
        request."""

    def put_tree(self, path: str, files: Sequence[tuple[str, Content, Attributes]]) -> None:
        """Put files, by paths relative to ``path``, in one request; each is replaced at once, verified.

        The directories that they are in exist.
        """

    def user_id(self, name: str) -> int:
        """Return the number of a user of the host. Raises HostError if there is none."""

    def group_id(self, name: str) -> int:
        """Return the number of a group of the host. Raises HostError if there is none."""

    def close(self) -> None:
        """End everything that was started there. The host can be used no more."""


def named(about: str, host: str) -> str:
    """Return a path, as messages of a host name it."""
    return f"'{about}'" if host == "local" else f"'{about}' on '{host}'"


def no_directory(cwd: str, host: str) -> str:
    """Return what is said of a directory that a command cannot start in."""
    return f"cwd '{cwd}' is not a directory" + ("" if host == "local" else f" on '{host}'")


def check_names(path: str, host: str) -> None:
    """Raise HostError if a name of a path is longer than any can be."""
    if any(len(os.fsencode(name)) > LONGEST_NAME for name in path.split("/")):
        raise HostError(f"{named(path, host)}: File name too long")


class Hosts(Protocol):
    """The hosts that tasks may name, besides this machine."""

    def host(self, name: str) -> Host:
        """Return a host, the same one for the same name. Raises UsageError, HostError."""
