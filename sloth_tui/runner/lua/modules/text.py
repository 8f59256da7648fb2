"""The Python side of Lua's ``template`` and ``crypto``."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sloth_tui.runner.lua.convert import host_function

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.runner.lua.context import Context

_DIGESTS = ("sha256", "sha512", "sha1", "md5")


class TextModule:
    """Renders templates and computes digests."""

    def __init__(self, context: Context, has_room: Callable[[int], bool]) -> None:
        """``has_room``: True if Lua has memory for that many more bytes."""
        self._context = context
        self._has_room = has_room

    def functions(self) -> dict[str, Callable[..., object]]:
        """Return the host functions that text.lua calls, by name."""
        digests = {name: host_function(_digest(name)) for name in _DIGESTS}
        return {"render": host_function(self._render), **digests}

    def _render(self, src: object, content: object, variables: object) -> object:
        """Exactly one of ``src`` and ``content`` is not None; ``variables`` is JSON."""
        import json

        from sloth_tui.runner.lua.modules.templates import render

        values = json.loads(cast("bytes", variables))
        text = render(self._context, cast("bytes | None", src), cast("bytes | None", content), values)
        if not self._has_room(len(text)):
            raise MemoryError
        return True, text


def _digest(name: str) -> Callable[..., object]:
    def digest(text: bytes) -> object:
        import hashlib

        return True, hashlib.new(name, text, usedforsecurity=False).hexdigest().encode()

    return digest
