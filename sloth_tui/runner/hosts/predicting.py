"""A host that acts on nothing, and remembers what would have been done."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from sloth_tui.errors import FileChanged, HostError
from sloth_tui.runner.hosts.host import (
    ABSENT,
    AT_ONCE,
    DIRECTORY,
    FILE,
    Attributes,
    Command,
    CommandEnd,
    Defaults,
    Found,
    Tree,
)
from sloth_tui.runner.hosts.overlay import Overlay, Predicted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sloth_tui.runner.hosts.host import Content, Host, Replacement

_NOT_FOUND = (126, 127)
"""Exit codes of a shell that cannot run a command."""
_LONGEST_SHOWN = 120
_NEW_ID = 0xFFFF_FFFE
"""Stands for a user or group that is still to be made: the last number that one can have."""
_EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


class Assumptions:
    """What is taken for made by a command that was not run."""

    def __init__(self, on_assumption: Callable[[str], None] | None) -> None:
        self._on_assumption = on_assumption
        self.skipped: str | None = None
        """The last command that was not run, on one line; None before the first."""
        self.pending: str | None = None
        """The command that something was missing for since :meth:`take`."""

    def make(self) -> bool:
        """Return True, and remember it, if something that is missing may be made by a command that was not
        run."""
        if self.skipped is None:
            return False
        self.pending = self.skipped
        if self._on_assumption is not None:
            self._on_assumption(self.skipped)
        return True

    def take(self) -> str | None:
        """Return the command that has to make possible what was asked since the last call; None if nothing
        was missing."""
        pending, self.pending = self.pending, None
        return pending


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

    # Commands

    def run(self, command: Command, grace: float, receive: Callable[[str, bytes], None]) -> CommandEnd:
        self._check_directory(command)
        skipped = self.check_guards(command)
        if skipped is not None:
            return CommandEnd(0, skipped)
        if not command.reads or not self._is_really_there(command.cwd):
            self.assumptions.skipped = shown(command.text)
            return CommandEnd(0)
        end = self._host.run(_without_paths(command), grace, receive)
        return CommandEnd(0) if end.code in _NOT_FOUND and self.assumptions.make() else end

    def check_guards(self, command: Command) -> str | None:
        if command.creates and all(self._exists(command, path) for path in command.creates):
            return f"creates {', '.join(command.creates)}"
        if command.removes and not any(self._exists(command, path) for path in command.removes):
            return f"removes {', '.join(command.removes)}"
        if (command.unless is None and command.onlyif is None) or not self._is_really_there(command.cwd):
            return None
        try:
            return self._host.check_guards(_without_paths(command))
        except HostError:
            if self.assumptions.make():
                return None
            raise

    def _check_directory(self, command: Command) -> None:
        """Raise HostError unless the directory that the command starts in would be there."""
        if command.cwd is not None:
            found = self._look(command.cwd, checksum=False, content=False)
            if found.kind != DIRECTORY and not (found.kind == ABSENT and self.assumptions.make()):
                raise HostError(f"cwd '{command.cwd}' is not a directory")

    def _is_really_there(self, directory: str | None) -> bool:
        """True if a command can start in the directory as things are."""
        return directory is None or self._host.look([directory], checksum=False)[0].kind == DIRECTORY

    def _exists(self, command: Command, path: str) -> bool:
        found = self._look(posixpath.join(command.cwd or "", path), checksum=False, content=False)
        return found.kind != ABSENT

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
        own = set(self.overlay.names_below(directory))
        names = {name: found for name, found in there if not self._is_predicted(directory, name)}
        for name in own:
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
        found = self._look(path, checksum=how.expected is not None, content=False)
        expected = how.expected
        if expected == _EMPTY_SHA256 and found.kind == ABSENT and self.assumptions.make():
            expected = None
        if expected is not None and expected != (found.sha256 or ""):
            raise FileChanged(f"'{path}' has changed meanwhile")
        self._require_parent(found)
        attributes = _over(self._attributes(found), wanted)
        self.overlay.predict(found.path, Predicted(FILE, attributes, content))
        return None

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
                raise HostError(f"'{path}': Not a directory")
            missing.append(above)
            above = posixpath.dirname(above)
        if missing and not parents and not self.assumptions.make():
            raise HostError(f"directory '{missing[0]}' does not exist")
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
            raise HostError(f"'{path}' is not empty", hint="recurse = true removes all that is in it, too")
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
            raise HostError(f"directory '{posixpath.dirname(found.path)}' does not exist")

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


def shown(command: bytes) -> str:
    """Return a command on one line, shortened."""
    line = " ".join(command[: 4 * _LONGEST_SHOWN].decode("utf-8", "backslashreplace").split())
    return f"{line[:_LONGEST_SHOWN]}…" if len(line) > _LONGEST_SHOWN else line


def _without_paths(command: Command) -> Command:
    """Return the command without the guards that have been looked at here already."""
    return command._replace(creates=(), removes=())


def _over(found: Attributes, wanted: Attributes) -> Attributes:
    pairs = zip(found, wanted, strict=True)
    return Attributes(*(old if new is None else new for old, new in pairs))
