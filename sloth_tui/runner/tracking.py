"""Checksums of files, by which a task finds out what has changed since it last succeeded.

Times of change say nothing here: a checkout, a restored backup or a clock that was set changes them alone.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Protocol

from sloth_tui.errors import UsageError
from sloth_tui.runner.hosts.host import ABSENT, DIRECTORY, FILE, LOOP

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Sequence

    from sloth_tui.runner.hosts.host import Found

    Entry = tuple[str, bool]
    """A name in a directory, and True if it is a directory and no link."""

UNKNOWN = "unknown"
"""Stands, in check mode, for the checksum of what a command was to make that was not run."""
_ANY_DEPTH = "**"
_WILDCARDS = frozenset("*?[")
_EXECUTABLE = 0o111


class Files(Protocol):
    """The files of this machine: as they are or, in check mode, as they would be."""

    def look(self, path: str) -> Found:
        """Return what is at a path, with the SHA-256 of a regular file. Raises HostError."""

    def names(self, directory: str) -> list[Entry]:
        """Return what is in a directory, in any order. Raises HostError."""

    @property
    def uncertain(self) -> bool:
        """True, in check mode, once a command was not run: it may change any file."""

    def may_be_made(self) -> bool:
        """True, in check mode, if what is missing may be made by a command that was not run."""


def digest_text(data: bytes) -> str:
    """Return the SHA-256 of some bytes, in lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def digest_file(files: Files, path: str) -> str:
    """Return the SHA-256 of the content of a file. Raises UsageError, HostError."""
    found = files.look(path)
    if found.kind != FILE or found.sha256 is None:
        what = {ABSENT: "there is no such file", DIRECTORY: "it is a directory", LOOP: "a link in a circle"}
        raise UsageError(f"'{path}': {what.get(found.kind, 'it is no regular file')}")
    return found.sha256


def digest_files(files: Files, patterns: Sequence[str], directories: Sequence[str]) -> str:
    """Return one checksum over all files that patterns match: their names, contents, and whether they can be
    executed. Of a link it is the text, of a directory nothing.

    A pattern is relative to the first of ``directories`` in which it matches anything. ``*``, ``?`` and
    ``[...]`` match within a name, ``**`` any number of directories, and none of them what begins with a dot.
    Raises UsageError if a pattern matches nothing; HostError.
    """
    told: dict[str, tuple[str, str]] = {}
    for pattern in patterns:
        matched = _matched(files, pattern, directories)
        if not matched:
            raise UsageError(f"nothing matches '{pattern}'")
        told.update(matched)
    digest = hashlib.sha256()
    for name in sorted(told, key=os.fsencode):
        for part in (name, *told[name]):
            digest.update(os.fsencode(part) + b"\0")
    return digest.hexdigest()


def _matched(files: Files, pattern: str, directories: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return the type and the content of each match, by its name as the pattern gives it."""
    if not pattern or "\0" in pattern:
        raise UsageError("a pattern must not be empty or contain NUL")
    for directory in [""] if os.path.isabs(pattern) else directories:
        told = {}
        for name in _names(files, directory, pattern):
            description = _description(files, os.path.join(directory, name))
            if description is not None:
                told[name] = description
        if told:
            return told
    return {}


def _description(files: Files, path: str) -> tuple[str, str] | None:
    """Return type and content of what is at a path; None for nothing and for a directory."""
    found = files.look(path)
    if found.link is not None:
        return "link", found.link
    if found.kind in (ABSENT, DIRECTORY):
        return None
    if found.sha256 is None:
        raise UsageError(f"'{path}' is no regular file")
    return "program" if found.mode & _EXECUTABLE else "file", found.sha256


def _names(files: Files, base: str, pattern: str) -> Iterator[str]:
    root = "/" if pattern.startswith("/") else ""
    yield from _below(files, base, root, [part for part in pattern.split("/") if part])


def _below(files: Files, base: str, name: str, parts: Sequence[str]) -> Iterator[str]:
    """Yield the names that begin with ``name`` and go on as ``parts`` say."""
    if not parts:
        yield name
        return
    part, rest = parts[0], parts[1:]
    if part == _ANY_DEPTH:
        if rest:
            yield from _below(files, base, name, rest)
        for each, is_directory in _visible(files, base, name):
            if is_directory:
                yield from _below(files, base, os.path.join(name, each), parts)
            elif not rest:
                yield os.path.join(name, each)
    elif _WILDCARDS.isdisjoint(part):
        yield from _below(files, base, os.path.join(name, part), rest)
    else:
        matches = _matcher(part)
        for each, _ in files.names(os.path.join(base, name) or "."):
            if (part.startswith(".") or not each.startswith(".")) and matches.match(each):
                yield from _below(files, base, os.path.join(name, each), rest)


def _visible(files: Files, base: str, name: str) -> list[Entry]:
    return [entry for entry in files.names(os.path.join(base, name) or ".") if not entry[0].startswith(".")]


def _matcher(part: str) -> re.Pattern[str]:
    import fnmatch
    import re

    return re.compile(fnmatch.translate(part))
