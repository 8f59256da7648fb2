"""Directories whose files are those of a directory of this machine."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import UsageError
from sloth_tui.runner.hosts.contents import LocalFile
from sloth_tui.runner.hosts.host import ABSENT, DIRECTORY, FILE, Attributes
from sloth_tui.runner.resources.change import Change, Handling, differing
from sloth_tui.runner.resources.difference import Difference, difference, too_large

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sloth_tui.runner.hosts.host import Content, Found, Host

_MOST_LINES = 2000
"""Lines of the differences of all files together."""


class Wanted(NamedTuple):
    """How what is in the tree is wanted. Attributes that are None are left alone; new files get the
    permissions of their source."""

    files: Attributes = Attributes()
    directories: Attributes = Attributes()
    delete: bool = False
    """Remove what the source does not have."""


class _Plan:
    """What has to be done, by path relative to the tree."""

    def __init__(self) -> None:
        self.directories: list[str] = []
        self.files: list[tuple[str, Content, Attributes]] = []
        self.links: list[tuple[str, str]] = []
        self.attributes: list[tuple[str, Attributes]] = []
        self.removals: list[str] = []

    def names(self) -> list[str]:
        """Return the paths that change, in order."""
        parts: tuple[Sequence[str], ...] = (
            self.directories,
            [name for name, _, _ in self.files],
            [name for name, _ in self.links],
            [name for name, _ in self.attributes],
            self.removals,
        )
        return sorted({name for part in parts for name in part})


def copy_tree(host: Host, source: str, dest: str, wanted: Wanted, handling: Handling) -> Change:
    """Give the directory ``dest`` the files, directories and links of ``source``.

    Nothing is done if something that is there is of another kind. Links inside ``source`` are copied as
    links. Raises UsageError, HostError, OSError.
    """
    root, below = host.look_at_tree(dest)
    if root.kind not in (ABSENT, DIRECTORY):
        raise UsageError(f"'{dest}' is there, and no directory")
    if root.kind == ABSENT and root.link is not None:
        raise UsageError(f"'{dest}' is a link, and not to a directory")
    if host.name == "local":
        _check_apart(source, dest, root.path, delete=wanted.delete)
    there = dict(below)
    plan = _make_plan(source, dest, there, wanted)
    told = _difference(host, root.path, dest, plan, there) if handling.diff and not handling.secret else None
    words = ["created"] if root.kind == ABSENT else []
    if root.kind == ABSENT:
        host.make_directory(root.path, wanted.directories, parents=True)
    else:
        words, only = differing(root, wanted.directories)
        if words:
            host.set_attributes(root.path, only)
    _carry_out(host, root.path, plan, wanted)
    names = plan.names()
    if names and root.kind != ABSENT:
        words = [*words, *(["content"] if plan.files or plan.links or plan.directories else [])]
        words += ["attributes"] if plan.attributes else []
        words += ["removed"] if plan.removals else []
    return Change("tree", dest, words, root.path, difference=told, names=tuple(names))


def _check_apart(source: str, dest: str, directory: str, *, delete: bool) -> None:
    """Raise UsageError if the tree would grow with each run, or its source be removed."""
    real = os.path.realpath(source)
    if directory.startswith(os.path.join(real, "")):
        raise UsageError(f"'{dest}' is inside of '{source}', of which it is to be a copy")
    if delete and real.startswith(os.path.join(directory, "")):
        raise UsageError(f"'{source}' is inside of '{dest}', where delete = true would remove it")


def _make_plan(source: str, dest: str, there: Mapping[str, Found], wanted: Wanted) -> _Plan:
    plan = _Plan()
    names = set()
    for name, path, mode in _entries(source):
        names.add(name)
        found = there.get(name)
        if stat.S_ISLNK(mode):
            _plan_link(plan, name, path, dest, found)
        elif stat.S_ISDIR(mode):
            _plan_directory(plan, name, dest, found, wanted.directories)
        elif stat.S_ISREG(mode):
            _plan_file(plan, name, path, dest, found, wanted.files)
        else:
            raise UsageError(f"'{path}' is no file, directory or link")
    if wanted.delete:
        for name in there:
            if name not in names and not any(name.startswith(f"{gone}/") for gone in plan.removals):
                plan.removals.append(name)
    return plan


def _plan_link(plan: _Plan, name: str, path: str, dest: str, found: Found | None) -> None:
    if found is not None and found.link is None and found.kind != ABSENT:
        raise UsageError(f"'{os.path.join(dest, name)}' is there, and no link")
    to = os.readlink(path)
    if found is None or found.link != to:
        plan.links.append((name, to))


def _plan_directory(plan: _Plan, name: str, dest: str, found: Found | None, wanted: Attributes) -> None:
    if found is None:
        plan.directories.append(name)
    elif found.kind != DIRECTORY:
        raise UsageError(f"'{os.path.join(dest, name)}' is there, and no directory")
    elif found.link is not None:
        # It leads out of the tree, where nothing was looked at.
        raise UsageError(f"'{os.path.join(dest, name)}' is a link, and no directory")
    elif (only := differing(found, wanted))[0]:
        plan.attributes.append((name, only[1]))


def _plan_file(plan: _Plan, name: str, path: str, dest: str, found: Found | None, wanted: Attributes) -> None:
    content = LocalFile(path)
    if found is not None and found.kind not in (ABSENT, FILE):
        raise UsageError(f"'{os.path.join(dest, name)}' is there, and no file")
    if found is None or found.kind == ABSENT:
        mode = content.mode & 0o777 if wanted.mode is None else wanted.mode
        plan.files.append((name, content, wanted._replace(mode=mode)))
    elif found.size != content.size or found.sha256 != content.sha256:
        plan.files.append((name, content, wanted))
    elif (only := differing(found, wanted))[0]:
        plan.attributes.append((name, only[1]))


def _carry_out(host: Host, root: str, plan: _Plan, wanted: Wanted) -> None:
    for name in plan.removals:
        host.remove(os.path.join(root, name), recurse=True)
    for name in plan.directories:
        host.make_directory(os.path.join(root, name), wanted.directories, parents=False)
    if plan.files:
        host.put_tree(root, plan.files)
    for name, to in plan.links:
        host.make_link(os.path.join(root, name), to)
    for name, attributes in plan.attributes:
        host.set_attributes(os.path.join(root, name), attributes)


def _entries(source: str, prefix: str = "") -> Iterator[tuple[str, str, int]]:
    """Yield relative path, path and mode of what is in a directory, each directory before what is in it."""
    with os.scandir(os.path.join(source, prefix) if prefix else source) as entries:
        ordered = sorted(entries, key=lambda entry: entry.name)
    for entry in ordered:
        name = os.path.join(prefix, entry.name)
        mode = entry.stat(follow_symlinks=False).st_mode
        yield name, os.path.join(source, name), mode
        if stat.S_ISDIR(mode):
            yield from _entries(source, name)


def _difference(
    host: Host, root: str, dest: str, plan: _Plan, there: Mapping[str, Found]
) -> Difference | None:
    """Return the differences of all files one after the other."""
    told: list[Difference] = []
    compared: list[tuple[str, Content]] = []
    for name, content, _ in plan.files:
        found = there.get(name)
        size = found.size if found is not None and found.kind == FILE else None
        large = too_large(name, size, content.size)
        if large is not None:
            told.append(Difference(f"{os.path.join(dest, name)}: {large.text}"))
        else:
            compared.append((name, content))
    looked = host.look([os.path.join(root, name) for name, _ in compared], content=True) if compared else []
    for (name, content), found in zip(compared, looked, strict=True):
        with content.open() as file:
            told.append(difference(os.path.join(dest, name), found.content, file.read()))
    if not told:
        return None
    lines = [line for each in told for line in each.text.split("\n")]
    left_out = sum(each.left_out for each in told) + max(0, len(lines) - _MOST_LINES)
    return Difference("\n".join(lines[:_MOST_LINES]), left_out)
