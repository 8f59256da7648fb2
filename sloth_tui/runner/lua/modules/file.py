"""The Python side of Lua's ``file``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

from sloth_tui.errors import FileChanged, SlothError, UsageError
from sloth_tui.runner.lua.convert import host_function
from sloth_tui.runner.lua.modules.fields import Fields, path_from_lua

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.runner.hosts.host import Found
    from sloth_tui.runner.lua.context import Context, ResourceSink
    from sloth_tui.runner.lua.modules.resources import FileResources


class FileModule:
    """Acts on files of hosts, and reports what it changed."""

    def __init__(self, context: Context, has_room: Callable[[int], bool], sink: ResourceSink) -> None:
        """``has_room``: True if Lua has memory for that many more bytes."""
        self._context = context
        self._has_room = has_room
        self._sink = sink
        self._known_resources: FileResources | None = None

    def functions(self) -> dict[str, Callable[..., object]]:
        """Return the host functions that file.lua calls, by name."""
        functions: dict[str, Callable[..., object]] = {
            "apply": self._apply,
            "look": self._look,
            "read": self._read,
            "exists": self._exists,
            "checksum": self._checksum,
        }
        return {name: host_function(_explaining(function)) for name, function in functions.items()}

    @property
    def _resources(self) -> FileResources:
        """Import them when the first is asked for."""
        if self._known_resources is None:
            from sloth_tui.runner.lua.modules.resources import FileResources

            self._known_resources = FileResources(self._context)
        return self._known_resources

    def _apply(self, kind: object, *pairs: object) -> object:
        """Return whether it changed, path, checksum, backup, and the names of what changed in a tree.

        Returns nothing if the file was changed meanwhile by somebody else.
        """
        self._context.check_acting()
        fields = Fields(pairs)
        host = self._context.host(fields.get("delegate_to"))
        function = cast("bytes", kind).decode()
        if not self._resources.has_looked:
            self._context.forget_assumption(host.name)
        try:
            change = self._resources.apply(function, host, fields)
        except FileChanged:
            return (True,)
        except (SlothError, OSError) as error:
            if not self._context.explains(host.name, error):
                raise
            change = self._resources.assumed(function, fields)
        self._sink.resource(host.name, change)
        checksum = None if change.checksum is None else change.checksum.encode()
        backup = None if change.backup is None else os.fsencode(change.backup)
        return (
            True,
            change.changed,
            os.fsencode(change.path),
            checksum,
            backup,
            *map(os.fsencode, change.names),
        )

    def _look(self, *pairs: object) -> object:
        """Return the content of a text file and its checksum, which the next call names as ``seen``."""
        self._context.check_acting()
        fields = Fields(pairs)
        host = self._context.host(fields.get("delegate_to"))
        self._context.forget_assumption(host.name)
        content, checksum = self._resources.look_at_text(host, fields)
        return *self._given(content), checksum.encode()

    def _read(self, path: object, delegate_to: object) -> object:
        name = path_from_lua(path)
        found = self._context.host(delegate_to).look([name], content=True)[0]
        _require_file(name, found)
        return self._given(found.content or b"")

    def _given(self, content: bytes) -> tuple[bool, bytes]:
        if not self._has_room(len(content)):
            raise MemoryError
        return True, content

    def _exists(self, path: object, delegate_to: object) -> object:
        from sloth_tui.runner.hosts.host import ABSENT

        found = self._context.host(delegate_to).look([path_from_lua(path)], checksum=False)[0]
        return True, found.kind != ABSENT or found.link is not None

    def _checksum(self, path: object, delegate_to: object) -> object:
        """Return the SHA-256 in hex, or nil if there is no such file."""
        from sloth_tui.runner.hosts.host import ABSENT

        name = path_from_lua(path)
        found = self._context.host(delegate_to).look([name])[0]
        if found.kind == ABSENT:
            return True, None
        _require_file(name, found)
        return True, (found.sha256 or "").encode()


def _require_file(path: str, found: Found) -> None:
    from sloth_tui.runner.hosts.host import ABSENT, DIRECTORY, FILE

    if found.kind == ABSENT:
        raise UsageError(f"'{path}': No such file or directory")
    if found.kind != FILE:
        raise UsageError(f"'{path}' is {'a directory' if found.kind == DIRECTORY else 'not a regular file'}")


def _explaining(function: Callable[..., object]) -> Callable[..., object]:
    """Turn errors of the operating system into a UsageError of one line."""

    def call(*arguments: object) -> object:
        try:
            return function(*arguments)
        except OSError as error:
            name = f"'{error.filename}': " if error.filename else ""
            raise UsageError(f"{name}{error.strerror}") from error

    return call
