"""A host on which nothing is changed before a check has passed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.runner.hosts.host import AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sloth_tui.runner.hosts.host import (
        Attributes,
        Command,
        CommandEnd,
        Content,
        Defaults,
        Found,
        Host,
        Replacement,
        Tree,
    )


class FencedHost:
    """Looks and acts by another host, and calls ``check`` before each act; what that raises prevents it."""

    def __init__(self, host: Host, check: Callable[[], None]) -> None:
        self._host = host
        self._check = check
        self.name = host.name

    def run(self, command: Command, grace: float, receive: Callable[[str, bytes], None]) -> CommandEnd:
        if not command.reads:
            self._check()
        return self._host.run(command, grace, receive)

    def check_guards(self, command: Command) -> str | None:
        return self._host.check_guards(command)

    def look(self, paths: Sequence[str], *, checksum: bool = True, content: bool = False) -> list[Found]:
        return self._host.look(paths, checksum=checksum, content=content)

    def put(self, path: str, content: Content, wanted: Attributes, how: Replacement = AT_ONCE) -> str | None:
        self._check()
        return self._host.put(path, content, wanted, how)

    def set_attributes(self, path: str, wanted: Attributes) -> None:
        self._check()
        self._host.set_attributes(path, wanted)

    def make_directory(self, path: str, wanted: Attributes, *, parents: bool) -> None:
        self._check()
        self._host.make_directory(path, wanted, parents=parents)

    def make_link(self, path: str, to: str) -> None:
        self._check()
        self._host.make_link(path, to)

    def remove(self, path: str, *, recurse: bool = False) -> None:
        self._check()
        self._host.remove(path, recurse=recurse)

    def check_removable(self, path: str, *, is_directory: bool) -> None:
        self._host.check_removable(path, is_directory=is_directory)

    def defaults(self) -> Defaults:
        return self._host.defaults()

    def list_tree(self, path: str) -> list[tuple[str, Found]]:
        return self._host.list_tree(path)

    def look_at_tree(self, path: str) -> Tree:
        return self._host.look_at_tree(path)

    def put_tree(self, path: str, files: Sequence[tuple[str, Content, Attributes]]) -> None:
        self._check()
        self._host.put_tree(path, files)

    def user_id(self, name: str) -> int:
        return self._host.user_id(name)

    def group_id(self, name: str) -> int:
        return self._host.group_id(name)

    def close(self) -> None:
        self._host.close()
