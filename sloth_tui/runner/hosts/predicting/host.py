"""A host that acts on nothing, and remembers what would have been done."""

from __future__ import annotations

import itertools
import posixpath
import time
from typing import TYPE_CHECKING

from sloth_tui.errors import FileChanged, HostError
from sloth_tui.runner.hosts.host import (
    ABSENT,
    AT_ONCE,
    BACKUP_STAMP,
    DIRECTORY,
    FILE,
    NOT_EMPTY_HINT,
    Attributes,
    Command,
    CommandEnd,
    Defaults,
    Found,
    Tree,
    named,
)
from sloth_tui.runner.hosts.predicting.commands import Assumptions, PredictingCommands
from sloth_tui.runner.hosts.predicting.overlay import ContentThere, Overlay, Predicted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sloth_tui.runner.hosts.host import Content, Host, Replacement

_NEW_ID = 0xFFFF_FFFE
"""Stands for a user or group that is still to be made: the last number that one can have."""
_EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


class PredictingHost:
    """Looks at another host through what it predicts. Nothing acts on that host but commands that only read.

    After a command that was not run, the host is uncertain: what is missing then, the command may have made.
    """

    def __init__(self, host: Host, on_assumption: Callable[[str], None] | None = None) -> None:
        """``on_assumption(command)`` is called when something is missing that a command was to make."""
        self.name = host.name
        self._host = host
        self.overlay = Overlay(host)
        self.assumptions = Assumptions(on_assumption)
        self._commands = PredictingCommands(host, self.overlay, self.assumptions)

    # Commands

    def run(self, command: Command, grace: float, receive: Callable[[str, bytes], None]) -> CommandEnd:
        return self._commands.run(command, grace, receive)

    def check_guards(self, command: Command) -> str | None:
        return self._commands.check_guards(command)

    # Looks

    def look(self, paths: Sequence[str], *, checksum: bool = True, content: bool = False) -> list[Found]:
        if not self.overlay:
            found = self._host.look(paths, checksum=checksum, content=content)
        else:
            found = [self._look(path, checksum=checksum, content=content) for path in paths]
        return [self._hopeful(each, content=content) for each in found]

    def foresee(self, path: str) -> Found:
        """Return what would be at a path, with its checksum; what is missing is not taken for made."""
        return self._look(path, checksum=True, content=False)

    def _look(self, path: str, *, checksum: bool, content: bool) -> Found:
        return self.overlay.look(path, checksum=checksum, content=content)

    def _hopeful(self, found: Found, *, content: bool) -> Found:
        """Return what is needed, if it is missing and a command that was not run may have made it."""
        if found.kind != ABSENT:
            return found
        if content and self.assumptions.make():
            return found._replace(kind=FILE, sha256=_EMPTY_SHA256, content=b"", parent=True)
        if not found.parent and self.assumptions.make():
            return found._replace(parent=True)
        return found

    def list_tree(self, path: str) -> list[tuple[str, Found]]:
        directory = self.overlay.resolve(path).path
        predicted = self.overlay.at(directory)
        there: list[tuple[str, Found]] = []
        if predicted is None or not predicted.hides:
            there = self._host.list_tree(directory)
        own = self.overlay.names_below(directory)
        names = {name: found for name, found in there if not self._is_predicted(directory, name)}
        # Links that are there may lead to what is predicted.
        links = [name for name, found in names.items() if found.link is not None and self.overlay]
        for name in {*own, *links}:
            found = self._look(posixpath.join(directory, name), checksum=True, content=False)
            if found.kind != ABSENT or found.link is not None:
                names[name] = found
        return sorted(names.items())

    def look_at_tree(self, path: str) -> Tree:
        if not self.overlay:
            tree = self._host.look_at_tree(path)
            return tree._replace(root=self._hopeful(tree.root, content=False))
        [root] = self.look([path], checksum=False)
        return Tree(root, self.list_tree(root.path) if root.kind == DIRECTORY else [])

    def names(self, directory: str, there: Sequence[tuple[str, bool]]) -> list[tuple[str, bool]]:
        """Return the names that would be in a directory, each with True if it is a directory and no link.
        ``there``: those that are."""
        path = self.overlay.resolve(directory).path
        predicted = self.overlay.at(path)
        names = {} if predicted is not None and predicted.hides else dict(there)
        for name in self.overlay.names_below(path):
            if "/" in name:
                continue
            found = self.overlay.at(posixpath.join(path, name))
            assert found is not None
            names[name] = found.kind == DIRECTORY
            if found.kind == ABSENT and found.link is None:
                del names[name]
        return list(names.items())

    def _is_predicted(self, directory: str, name: str) -> bool:
        return self.overlay.at(posixpath.join(directory, name)) is not None

    # Acts

    def put(self, path: str, content: Content, wanted: Attributes, how: Replacement = AT_ONCE) -> str | None:
        found = self._look(path, checksum=how.expected is not None or how.backup, content=False)
        expected = how.expected
        if expected == _EMPTY_SHA256 and found.kind == ABSENT and self.assumptions.make():
            expected = None
        if expected is not None and expected != (found.sha256 or ""):
            raise FileChanged(f"{self._named(path)} was changed by somebody else meanwhile")
        self._require_parent(found)
        attributes = _over(self._attributes(found), wanted)
        backup = self._keep(found) if how.backup and found.kind == FILE else None
        self.overlay.predict(found.path, Predicted(FILE, attributes, content))
        return backup

    def _keep(self, found: Found) -> str:
        """Predict the backup of a file, and return its path."""
        known = self.overlay.at(found.path)
        content = None if known is None else known.content
        if content is None:
            content = ContentThere(self._host, found)
        stamp = found.path + time.strftime(BACKUP_STAMP)
        names = (f"{stamp}{f'-{number}' if number else ''}~" for number in itertools.count())
        backup = next(name for name in names if self.overlay.kind(name) == ABSENT)
        self.overlay.predict(backup, Predicted(FILE, self._attributes(found), content))
        return backup

    def set_attributes(self, path: str, wanted: Attributes) -> None:
        found = self._look(path, checksum=False, content=False)
        attributes = _over(self._attributes(found), wanted)
        known = self.overlay.at(found.path)
        kind = Predicted(found.kind) if known is None else known
        self.overlay.amend(found.path, kind._replace(attributes=attributes))

    def make_directory(self, path: str, wanted: Attributes, *, parents: bool) -> None:
        directory = self.overlay.resolve(path).path
        missing = []
        above = posixpath.dirname(directory)
        while (kind := self.overlay.kind(above)) != DIRECTORY:
            if kind != ABSENT:
                raise HostError(f"{self._named(path)}: Not a directory")
            missing.append(above)
            above = posixpath.dirname(above)
        if missing and not parents and not self.assumptions.make():
            raise HostError(f"directory {self._named(missing[0])} does not exist")
        for each in reversed(missing):
            self.overlay.predict(each, Predicted(DIRECTORY, self.overlay.new(DIRECTORY, each), made=True))
        attributes = _over(self.overlay.new(DIRECTORY, directory), wanted)
        self.overlay.predict(directory, Predicted(DIRECTORY, attributes, made=True))

    def make_link(self, path: str, to: str) -> None:
        self.overlay.predict(self.overlay.own_path(path), Predicted(ABSENT, link=to))

    def remove(self, path: str, *, recurse: bool = False) -> None:
        found = self._look(path, checksum=False, content=False)
        is_directory = found.link is None and found.kind == DIRECTORY
        own = self.overlay.own_path(path)
        for each in dict.fromkeys((path, own)):  # a predicted link on the way leads elsewhere
            self._host.check_removable(each, is_directory=is_directory)
        if is_directory and not recurse and self.list_tree(path):
            raise HostError(f"{self._named(path)} is not empty", hint=NOT_EMPTY_HINT)
        self.overlay.remove(own)

    def put_tree(self, path: str, files: Sequence[tuple[str, Content, Attributes]]) -> None:
        for name, content, wanted in files:
            self.put(posixpath.join(path, name), content, wanted)

    def _attributes(self, found: Found) -> Attributes:
        if found.kind == ABSENT:
            return self.overlay.new(FILE, found.path)
        return Attributes(found.mode, found.uid, found.gid)

    def _require_parent(self, found: Found) -> None:
        if found.kind == ABSENT and not found.parent and not self.assumptions.make():
            raise HostError(f"directory {self._named(posixpath.dirname(found.path))} does not exist")

    def _named(self, path: str) -> str:
        return named(path, self.name)

    # Names

    def user_id(self, name: str) -> int:
        return self._id(self._host.user_id, name)

    def group_id(self, name: str) -> int:
        return self._id(self._host.group_id, name)

    def _id(self, ask: Callable[[str], int], name: str) -> int:
        try:
            return ask(name)
        except HostError:
            if self.assumptions.make():
                return _NEW_ID
            raise

    def check_removable(self, path: str, *, is_directory: bool) -> None:
        self._host.check_removable(path, is_directory=is_directory)

    def defaults(self) -> Defaults:
        return self.overlay.defaults()

    def close(self) -> None:
        self._host.close()


def _over(found: Attributes, wanted: Attributes) -> Attributes:
    pairs = zip(found, wanted, strict=True)
    return Attributes(*(old if new is None else new for old, new in pairs))
