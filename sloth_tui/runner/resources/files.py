"""Files with a wanted content and wanted attributes, and paths where nothing is wanted."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sloth_tui.errors import HostError, UsageError
from sloth_tui.runner.hosts.host import ABSENT, DIRECTORY, FILE, LOOP, Replacement
from sloth_tui.runner.resources.change import Change, Handling, differing
from sloth_tui.runner.resources.difference import difference, too_large

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.runner.hosts.contents import LocalFile
    from sloth_tui.runner.hosts.host import Attributes, Content, Found, Host
    from sloth_tui.runner.resources.difference import Difference

_HANDLED = Handling()


def copy_file(
    host: Host, source: LocalFile, dest: str, wanted: Attributes, handling: Handling = _HANDLED
) -> Change:
    """Give ``dest`` the content of a file. If it is a directory, or ends with a slash, the file goes into it.

    A new file gets the permissions of the source. Raises UsageError, HostError, OSError.
    """
    inside = os.path.join(dest, os.path.basename(source.path))
    if dest.endswith("/"):
        path, found = inside, host.look([inside])[0]
    else:
        path, found = dest, host.look([dest])[0]
        if found.kind == DIRECTORY:
            path, found = inside, host.look([inside])[0]
    if wanted.mode is None and found.kind == ABSENT:
        wanted = wanted._replace(mode=source.mode & 0o777)
    return _place(host, path, found, source, wanted, handling)


def write_file(
    host: Host, path: str, content: Content, wanted: Attributes, handling: Handling = _HANDLED
) -> Change:
    """Give the file at ``path`` this content and these attributes. Raises UsageError, HostError, OSError."""
    return _place(host, path, host.look([path])[0], content, wanted, handling)


def _place(
    host: Host, path: str, found: Found, content: Content, wanted: Attributes, handling: Handling
) -> Change:
    check_file(path, found)
    return replace(host, "file", path, found, content, wanted, handling)


def replace(
    host: Host,
    kind: str,
    path: str,
    found: Found,
    content: Content,
    wanted: Attributes,
    handling: Handling,
    expected: str | None = None,
) -> Change:
    """Change what differs: the content by replacing the file, attributes alone in place.

    ``expected``: the SHA-256 that the file must still have, empty text if it must still be absent. Raises
    FileChanged, HostError, OSError.
    """
    there = found.kind == FILE
    words, only = differing(found, wanted) if there else ([], wanted)
    checksum = content.sha256
    if there and found.sha256 == checksum:
        if words:
            with naming(path, found):
                host.set_attributes(found.path, only)
        return Change(kind, path, words, found.path, checksum)
    told = _difference(host, path, found, content, handling) if handling.diff else None
    with naming(path, found):
        how = Replacement(expected, handling.validate, handling.backup, handling.secret)
        backup = host.put(found.path, content, wanted, how)
    return Change(
        kind, path, ["content", *words] if there else ["created"], found.path, checksum, backup, told
    )


def remove_path(host: Host, path: str, *, recurse: bool = False, files_only: bool = False) -> Change:
    """Remove what is at ``path``, a link itself. Raises HostError; UsageError for a directory if only files
    are asked for."""
    # With a slash behind it, a link is the directory that it leads to.
    own = path.rstrip("/") or path
    found = host.look([own], checksum=False)[0]
    link = found.link is not None
    kind = "link" if link else "directory" if found.kind == DIRECTORY else "file"
    if found.kind == ABSENT and not link:
        return Change(kind, path, [], found.path)
    if own != path and kind != "directory":
        raise UsageError(f"'{path}' ends with a slash, as only directories do")
    if os.path.basename(own) in (".", ".."):
        host.check_removable(path, is_directory=True)
        raise UsageError(f"'{path}' is not the directory's own name, by which alone it is removed")
    if kind == "directory" and files_only:
        raise UsageError(f"'{path}': Is a directory", hint="file.absent removes directories, too")
    host.remove(path, recurse=recurse)
    return Change(kind, path, ["removed"], path)


def check_file(path: str, found: Found) -> None:
    """Raise UsageError unless a regular file is there, or can be created."""
    if found.kind == DIRECTORY:
        raise UsageError(f"'{path}' is a directory")
    if found.kind == LOOP:
        raise UsageError(f"'{path}' is a link in a circle")
    if found.kind == ABSENT:
        check_parent(path, found)
    elif found.kind != FILE:
        # A task that writes to /dev/null does not want to replace the device by a file.
        raise UsageError(f"'{path}' is not a regular file")
    if os.path.basename(path) in ("", ".", ".."):
        raise UsageError(f"'{path}' ends with a slash or a dot, as only directories do")


def check_parent(path: str, found: Found) -> None:
    """Raise UsageError if the directory that something is to be created in is missing."""
    if not found.parent:
        raise UsageError(f"directory '{os.path.dirname(found.path)}' does not exist")


@contextmanager
def naming(path: str, found: Found) -> Iterator[None]:
    """Let errors about the resolved path name it as the task does."""
    try:
        yield
    except HostError as error:
        own, named = f"'{found.path}'", f"'{path}'"
        if error.message.startswith(own):
            error.message = named + error.message.removeprefix(own)
        raise


def _difference(
    host: Host, path: str, found: Found, content: Content, handling: Handling
) -> Difference | None:
    if handling.secret:
        return None
    there = found.kind == FILE
    large = too_large(path, found.size if there else None, content.size)
    if large is not None:
        return large
    old = found.content
    if there and old is None:
        old = host.look([found.path], content=True)[0].content
    with content.open() as file:
        return difference(path, old if there else None, file.read())
