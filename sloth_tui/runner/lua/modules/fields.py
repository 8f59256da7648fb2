"""The fields of a call from Lua, which cross as alternating names and values."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

from sloth_tui.errors import HostError, UsageError
from sloth_tui.runner.lua.convert import text_from_lua

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.runner.hosts.host import Attributes, Host


class Fields:
    """The fields by name. Lua has checked their types; a name may be there several times."""

    def __init__(self, pairs: tuple[object, ...]) -> None:
        self._pairs = pairs
        self._values: dict[bytes, object] = dict(zip(pairs[::2], pairs[1::2], strict=True))  # type: ignore[arg-type]

    def get(self, name: str) -> object:
        """Return the value as it is, or None."""
        return self._values.get(name.encode())

    def all(self, name: str) -> list[bytes]:
        """Return all values of this name."""
        pairs = zip(self._pairs[::2], self._pairs[1::2], strict=True)
        return [cast("bytes", value) for found, value in pairs if found == name.encode()]

    def data(self, name: str) -> bytes | None:
        return cast("bytes | None", self.get(name))

    def text(self, name: str) -> str | None:
        """Return it as text. Raises InvalidKey if it is not UTF-8."""
        value = self.get(name)
        return None if value is None else text_from_lua(value, name)

    def number(self, name: str) -> float | None:
        return cast("float | None", self.get(name))

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self.get(name)
        return default if value is None else bool(value)

    def path(self, name: str) -> str:
        """Return a path. Raises UsageError if it cannot be one."""
        return path_from_lua(self.get(name))

    def attributes(self, host: Host, mode: str = "mode") -> Attributes:
        """Return the wanted attributes; users and groups are those of the host. Raises UsageError."""
        from sloth_tui.runner.hosts.host import Attributes

        owner, group = self.text("owner"), self.text("group")
        return Attributes(
            mode_from_text(self.text(mode), mode),
            None if owner is None else _id("owner", owner, host.user_id),
            None if group is None else _id("group", group, host.group_id),
        )


def path_from_lua(data: object) -> str:
    """Return a path. Raises UsageError if it cannot be one, or ends with a line feed."""
    name = os.fsdecode(cast("bytes", data))
    if "\0" in name:
        raise UsageError("a path must not contain NUL")
    if name.endswith("\n"):
        raise UsageError(f"path '{name[:-1]}\\n' ends with a line feed")
    return name


def mode_from_text(text: str | None, field: str) -> int | None:
    """Return the permission bits that octal digits mean. Raises UsageError."""
    if text is None:
        return None
    if not (3 <= len(text) <= 4 and set(text) <= set("01234567")):
        raise UsageError(f"{field} must be octal digits such as '0644', got '{text}'")
    return int(text, 8)


def _id(field: str, name: str, find: Callable[[str], int]) -> int:
    try:
        return find(name)
    except HostError as error:
        if error.message.startswith(f"'{name}'"):
            raise HostError(f"{field} {error.message}", hint=error.hint) from error
        raise
