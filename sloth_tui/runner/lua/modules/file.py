"""The Python side of Lua's ``file``."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, cast

from sloth_tui.errors import UsageError
from sloth_tui.runner.lua.convert import host_function, text_from_lua
from sloth_tui.text import format_size

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.runner.hosts.atomic_file import Attributes, Content
    from sloth_tui.runner.lua.context import Context

LARGEST = 64 * 1024 * 1024
"""Bytes of the largest file that tasks may read."""


class FileModule:
    """Acts on files of this machine."""

    def __init__(self, context: Context, has_room: Callable[[int], bool]) -> None:
        self._context = context
        self._has_room = has_room

    def functions(self) -> dict[str, Callable[..., object]]:
        """Return the host functions that file.lua calls, by name."""
        functions: dict[str, Callable[..., object]] = {
            "copy": self._copy,
            "write": self._write,
            "read": self._read,
            "exists": self._exists,
            "remove": self._remove,
            "checksum": self._checksum,
        }
        return {name: host_function(_explaining(function)) for name, function in functions.items()}

    def _copy(
        self, src: object, dest: object, mode: object, owner: object, group: object, delegate_to: object
    ) -> object:
        self._may_act(delegate_to)
        source = self._context.find_source(_path(src))
        target = _path(dest)
        if target.endswith("/") or os.path.isdir(target):
            target = os.path.join(target, os.path.basename(source))
        from sloth_tui.runner.hosts.atomic_file import Original

        original = Original(source)
        wanted = _attributes(mode, owner, group)
        if wanted.mode is None and not os.path.exists(target):
            wanted = wanted._replace(mode=stat.S_IMODE(original.status.st_mode) & 0o777)
        return True, *_placed(target, original, wanted)

    def _write(
        self, path: object, content: object, mode: object, owner: object, group: object, delegate_to: object
    ) -> object:
        from sloth_tui.runner.hosts.atomic_file import Text

        self._may_act(delegate_to)
        text = Text(cast("bytes", content))
        return True, *_placed(_path(path), text, _attributes(mode, owner, group))

    def _read(self, path: object, delegate_to: object) -> object:
        self._context.check_target(delegate_to)
        content = _content(_path(path))
        if not self._has_room(len(content)):
            raise MemoryError
        return True, content

    def _exists(self, path: object, delegate_to: object) -> object:
        """Return whether there is a file. Where it may not be looked for, that is an error: not knowing is
        not absence."""
        self._context.check_target(delegate_to)
        try:
            os.lstat(_path(path))
        except (FileNotFoundError, NotADirectoryError):
            return True, False
        return True, True

    def _remove(self, path: object, delegate_to: object) -> object:
        """Return whether the file existed. A directory is refused."""
        self._may_act(delegate_to)
        try:
            os.unlink(_path(path))
        except FileNotFoundError:
            return True, False
        return True, True

    def _checksum(self, path: object, delegate_to: object) -> object:
        """Return the SHA-256 in hex, or nil if there is no such file."""
        self._context.check_target(delegate_to)
        name = _path(path)
        from sloth_tui.runner.hosts.atomic_file import checksum_of

        try:
            return True, checksum_of(name).encode()
        except (FileNotFoundError, NotADirectoryError):
            return True, None

    def _may_act(self, delegate_to: object) -> None:
        self._context.check_acting()
        self._context.check_target(delegate_to)


def _placed(path: str, content: Content, wanted: Attributes) -> tuple[bool, bytes]:
    from sloth_tui.runner.hosts.atomic_file import place

    changed, checksum = place(path, content, wanted)
    return changed, checksum.encode()


def _attributes(mode: object, owner: object, group: object) -> Attributes:
    from sloth_tui.runner.hosts.atomic_file import Attributes

    return Attributes(
        None if mode is None else _mode(text_from_lua(mode, "mode")),
        None if owner is None else _uid(text_from_lua(owner, "owner")),
        None if group is None else _gid(text_from_lua(group, "group")),
    )


def _content(path: str) -> bytes:
    from sloth_tui.documents.reading import open_regular

    with open_regular(path) as file:
        content: bytes = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise UsageError(f"'{path}' is larger than {format_size(LARGEST)}")
    return content


def _explaining(function: Callable[..., object]) -> Callable[..., object]:
    """Turn errors of the operating system into a UsageError of one line."""

    def call(*arguments: object) -> object:
        try:
            return function(*arguments)
        except OSError as error:
            name = error.filename or os.fsdecode(cast("bytes", arguments[0]))
            raise UsageError(f"'{name}': {error.strerror}") from error

    return call


def _path(data: object) -> str:
    name = os.fsdecode(cast("bytes", data))
    if "\0" in name:
        raise UsageError("a path must not contain NUL")
    return name


def _mode(text: str) -> int:
    if not (3 <= len(text) <= 5 and set(text) <= set("01234567")):
        raise UsageError(f"mode must be octal digits such as '0644', got '{text}'")
    return int(text, 8) & 0o7777


def _uid(name: str) -> int:
    import pwd

    try:
        return _id(name) if _is_id(name) else pwd.getpwnam(name).pw_uid
    except (KeyError, ValueError):
        raise UsageError(f"owner '{name}' is not a user of this machine") from None


def _gid(name: str) -> int:
    import grp

    try:
        return _id(name) if _is_id(name) else grp.getgrnam(name).gr_gid
    except (KeyError, ValueError):
        raise UsageError(f"group '{name}' is not a group of this machine") from None


def _is_id(name: str) -> bool:
    return name.isascii() and name.isdigit()


def _id(digits: str) -> int:
    """Raises ValueError beyond 32 bits, and for the last number, which means "unchanged" in chown(2)."""
    number = int(digits)
    if number >= 0xFFFF_FFFF:
        raise ValueError(digits)
    return number
