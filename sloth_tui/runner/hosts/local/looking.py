"""Look at the files of this machine."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

from sloth_tui.errors import HostError, UsageError
from sloth_tui.runner.hosts.host import ABSENT, DIRECTORY, FILE, LARGEST_CONTENT, LOOP, OTHER, Found
from sloth_tui.text import format_size

if TYPE_CHECKING:
    from collections.abc import Iterator


def look_at(path: str, *, checksum: bool, content: bool) -> Found:
    """Return what is at a path; see :meth:`sloth_tui.runner.hosts.host.Host.look`. Raises HostError."""
    try:
        return _found(path, checksum=checksum, content=content)
    except (OSError, UsageError) as error:
        raise host_error(error, path) from error


def _found(path: str, *, checksum: bool, content: bool) -> Found:
    real = os.path.realpath(path)
    link = _link_text(own_path(path) if _climbs(path) else path)
    try:
        status = _status(path, real)
    except (FileNotFoundError, NotADirectoryError):
        return Found(real, ABSENT, link=link, parent=os.path.isdir(os.path.dirname(real)))
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        return Found(real, LOOP, link=link)
    found = Found(
        real,
        _kind(status.st_mode),
        stat.S_IMODE(status.st_mode),
        status.st_uid,
        status.st_gid,
        status.st_size,
        link=link,
    )
    if found.kind != FILE:
        return found
    return _read(found, real if _climbs(path) else path, checksum=checksum, content=content)


def own_path(path: str) -> str:
    """Return the path of the object itself: only its directory has all links followed."""
    directory, name = os.path.split(path.rstrip("/"))
    if name in ("", ".", ".."):
        return os.path.realpath(path)
    return os.path.join(os.path.realpath(directory), name)


def _climbs(path: str) -> bool:
    return ".." in path.split("/")


def _status(path: str, real: str) -> os.stat_result:
    """Raises OSError."""
    try:
        return os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        # A directory that is not there, and ".." behind it, are nothing: it may be made meanwhile.
        if not _climbs(path):
            raise
        return os.stat(real)


def _read(found: Found, path: str, *, checksum: bool, content: bool) -> Found:
    """Return it with what was asked for. Raises HostError, UsageError, OSError."""
    from sloth_tui.documents.reading import open_regular
    from sloth_tui.runner.hosts.contents import checksum_of

    if not content:
        return found._replace(sha256=checksum_of(path)) if checksum else found
    import hashlib

    with open_regular(path) as file:
        data = file.read(LARGEST_CONTENT + 1)
    if len(data) > LARGEST_CONTENT:
        raise HostError(f"'{path}' is larger than {format_size(LARGEST_CONTENT)}")
    return found._replace(size=len(data), sha256=hashlib.sha256(data).hexdigest(), content=data)


def _link_text(path: str) -> str | None:
    try:
        return os.readlink(path)
    except OSError:
        return None


def _kind(mode: int) -> str:
    return FILE if stat.S_ISREG(mode) else DIRECTORY if stat.S_ISDIR(mode) else OTHER


def names_below(path: str, prefix: str = "") -> Iterator[str]:
    """Yield the names below a directory, relative to it, each directory before what is in it."""
    with os.scandir(os.path.join(path, prefix)) as entries:
        ordered = sorted(entries, key=lambda entry: entry.name)
    for entry in ordered:
        name = os.path.join(prefix, entry.name)
        yield name
        if entry.is_dir(follow_symlinks=False):
            yield from names_below(path, name)


def host_error(error: OSError | UsageError, path: str, source: str | None = None) -> HostError:
    """Return it as one line that names this path. ``source``: a file that it may be about instead."""
    if isinstance(error, UsageError):
        return HostError(error.message, hint=error.hint)
    # It names no file, or a temporary one.
    about = source if source is not None and error.filename == source else path
    return HostError(f"'{about}': {error.strerror}")
