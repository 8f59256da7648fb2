"""Remove files, links and directories of this machine, but nothing that a slip of the pen would name."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat

from sloth_tui.errors import HostError
from sloth_tui.runner.hosts.host import NOT_EMPTY_HINT
from sloth_tui.runner.hosts.local.looking import own_path

_MOUNTS = "/proc/self/mountinfo"


def remove(path: str, *, recurse: bool) -> None:
    """Remove a file, a link itself, an empty directory, or with ``recurse`` all that is in it, too.

    Nothing happens if there is nothing. Raises HostError for the root, the working directory, the home
    directory, what contains one of these, and mount points; OSError.
    """
    own = own_path(path)
    try:
        is_directory = stat.S_ISDIR(os.lstat(own).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return
    check_removable(path, is_directory=is_directory)
    if not is_directory:
        os.unlink(own)
    elif recurse:
        shutil.rmtree(own)
    else:
        try:
            os.rmdir(own)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            raise HostError(f"'{path}' is not empty", hint=NOT_EMPTY_HINT) from error


def check_removable(path: str, *, is_directory: bool) -> None:
    """Raise HostError if this is nothing that a task may remove."""
    real = own_path(path)
    for kept, what in (
        ("/", "the root directory"),
        (os.getcwd(), "the working directory"),
        *((os.path.realpath(home), "the home directory") for home in _homes()),
    ):
        if kept == real:
            raise HostError(f"'{path}' is {what}, which is not removed")
        if kept.startswith(real.rstrip("/") + "/"):
            raise HostError(f"'{path}' contains {what}, which is not removed")
    for mounted in _mount_points():
        if mounted == real:
            raise HostError(f"'{path}' is a mount point, which is not removed")
        if is_directory and mounted.startswith(real + "/"):
            raise HostError(f"'{path}' contains the mount point '{mounted}', which is not removed")


def _homes() -> list[str]:
    """Return the home directory, and the one that the system has for the user: HOME may be set to another."""
    import pwd

    homes = [os.path.expanduser("~")]
    with contextlib.suppress(KeyError):
        homes.append(pwd.getpwuid(os.getuid()).pw_dir)
    return homes


def _mount_points() -> list[str]:
    """Return the mount points of this process as far as the system tells them."""
    try:
        with open(_MOUNTS, "rb") as file:
            lines = file.read().splitlines()
    except OSError:
        return []
    # Blanks, tabs, line feeds and backslashes are written as octal numbers.
    return [
        os.fsdecode(fields[4].decode("unicode-escape").encode("latin-1"))
        for fields in (line.split(b" ") for line in lines)
        if len(fields) > 4
    ]
