"""A host in memory, which looks and does not act."""

from __future__ import annotations

import hashlib
import posixpath
from typing import TYPE_CHECKING, NoReturn

from sloth_tui.errors import HostError
from sloth_tui.runner.hosts.host import (
    ABSENT,
    DIRECTORY,
    FILE,
    LOOP,
    Command,
    CommandEnd,
    Defaults,
    Found,
    Tree,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sloth_tui.runner.hosts.host import Attributes, Content, Replacement

LINK = "link"


class FakeHost:
    """Files by absolute path: text is a file, None a directory, ``("link", TEXT)`` a link. Every act fails
    the test; commands are in ``ran``."""

    name = "web1"

    def __init__(
        self, files: dict[str, str | tuple[str, str] | None], *, codes: dict[str, int] | None = None
    ):
        self.files = {"/": None, "/work": None, **files}
        self.codes = codes or {}
        """Exit codes of commands; 0 for others."""
        self.ran: list[str] = []

    def look(self, paths: Sequence[str], *, checksum: bool = True, content: bool = False) -> list[Found]:
        return [self._look(path, checksum=checksum, content=content) for path in paths]

    def check_removable(self, path: str, *, is_directory: bool) -> None:
        """Allow every removal."""

    def defaults(self) -> Defaults:
        return Defaults(0o022, 0, 0)

    def list_tree(self, path: str) -> list[tuple[str, Found]]:
        below = f"{path.rstrip('/')}/"
        names = sorted(each.removeprefix(below) for each in self.files if each.startswith(below))
        return [(name, self._look(below + name, checksum=True, content=False)) for name in names]

    def look_at_tree(self, path: str) -> Tree:
        root = self._look(path, checksum=False, content=False)
        return Tree(root, self.list_tree(root.path) if root.kind == DIRECTORY else [])

    def _look(self, path: str, *, checksum: bool, content: bool) -> Found:
        path = posixpath.join("/work", path)
        own = posixpath.normpath(path)
        own = posixpath.join(self._real(posixpath.dirname(own)), posixpath.basename(own))
        link = self.files.get(own)
        text = link[1] if isinstance(link, tuple) else None
        real = self._real(path)
        if real == "loop":
            return Found(path, LOOP, link=text)
        parent = self.files.get(posixpath.dirname(real), "") is None
        if real not in self.files or not parent:
            return Found(real, ABSENT, link=text, parent=parent)
        data = self.files[real]
        if data is None:
            return Found(real, DIRECTORY, 0o755, 0, 0, link=text)
        assert isinstance(data, str)
        return Found(
            real,
            FILE,
            0o600,
            0,
            0,
            len(data),
            hashlib.sha256(data.encode()).hexdigest() if checksum else None,
            text,
            content=data.encode() if content else None,
        )

    def _real(self, path: str, links: int = 0) -> str:
        if links > 40:
            return "loop"
        current = "/"
        names = path.split("/")
        for number, name in enumerate(names, 1):
            current = posixpath.normpath(posixpath.join(current, name))
            found = self.files.get(current)
            if isinstance(found, tuple):
                onward = posixpath.join(posixpath.dirname(current), found[1], *names[number:])
                return self._real(onward, links + 1)
        return current

    def run(self, command: Command, grace: float, receive: Callable[[str, bytes], None]) -> CommandEnd:
        text = command.text.decode()
        self.ran.append(text)
        receive("stdout", b"told\n")
        return CommandEnd(self.codes.get(text, 0))

    def check_guards(self, command: Command) -> str | None:
        assert not command.creates
        assert not command.removes
        for name, guard, stops in (("unless", command.unless, True), ("onlyif", command.onlyif, False)):
            if guard is None:
                continue
            text = guard.decode()
            self.ran.append(text)
            code = self.codes.get(text, 0)
            if code in (126, 127):
                raise HostError(f"{name} '{text}' cannot be run")
            if (code == 0) is stops:
                return f"{name} {text}"
        return None

    def user_id(self, name: str) -> int:
        if name != "root":
            raise HostError(f"'{name}' is not a user of web1")
        return 0

    def group_id(self, name: str) -> int:
        if name != "root":
            raise HostError(f"'{name}' is not a group of web1")
        return 0

    def put(self, path: str, content: Content, wanted: Attributes, how: Replacement = ...) -> NoReturn:  # type: ignore[assignment]
        raise AssertionError(path)

    def set_attributes(self, path: str, wanted: Attributes) -> NoReturn:
        raise AssertionError(path)

    def make_directory(self, path: str, wanted: Attributes, *, parents: bool) -> NoReturn:
        raise AssertionError(path)

    def make_link(self, path: str, to: str) -> NoReturn:
        raise AssertionError(path)

    def remove(self, path: str, *, recurse: bool = False) -> NoReturn:
        raise AssertionError(path)

    def put_tree(self, path: str, files: Sequence[tuple[str, Content, Attributes]]) -> NoReturn:
        raise AssertionError(path)

    def close(self) -> None:
        return
