"""Directories and symbolic links."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sloth_tui.errors import UsageError
from sloth_tui.runner.hosts.host import ABSENT, DIRECTORY
from sloth_tui.runner.resources.change import Change, differing
from sloth_tui.runner.resources.files import naming

if TYPE_CHECKING:
    from sloth_tui.runner.hosts.host import Attributes, Host


def make_directory(host: Host, path: str, wanted: Attributes, *, parents: bool = True) -> Change:
    """Create a directory, or give it these attributes. Missing parents get default ones. A link to a
    directory counts as one. Raises UsageError, HostError."""
    found = host.look([path], checksum=False)[0]
    if found.kind == DIRECTORY:
        words, only = differing(found, wanted)
        if words:
            with naming(path, found):
                host.set_attributes(found.path, only)
        return Change("directory", path, words, found.path)
    if found.link is not None:
        raise UsageError(f"'{path}' is a link, and not to a directory")
    if found.kind != ABSENT:
        raise UsageError(f"'{path}' is there, and no directory")
    if not found.parent and not parents:
        raise UsageError(f"directory '{os.path.dirname(found.path)}' does not exist")
    with naming(path, found):
        host.make_directory(found.path, wanted, parents=parents)
    return Change("directory", path, ["created"], found.path)


def make_link(host: Host, path: str, to: str, *, force: bool = False) -> Change:
    """Make ``path`` a symbolic link whose text is ``to``, which may lead to nothing. A file is replaced only
    with ``force``, a directory never. Raises UsageError, HostError."""
    if path.endswith("/"):
        raise UsageError(f"'{path}' ends with a slash, as only directories do")
    found = host.look([path], checksum=False)[0]
    if found.link == to:
        return Change("link", path, [], path)
    if found.link is None:
        if found.kind == DIRECTORY:
            raise UsageError(f"'{path}' is a directory")
        if found.kind != ABSENT and not force:
            raise UsageError(f"'{path}' is there, and no link", hint="force = true replaces it")
        if not found.parent:
            raise UsageError(f"directory '{os.path.dirname(found.path)}' does not exist")
    there = found.link is not None or found.kind != ABSENT
    host.make_link(path, to)
    return Change("link", path, ["target" if there else "created"], path)
