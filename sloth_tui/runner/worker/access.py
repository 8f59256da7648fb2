"""The type of the function that opens a worker's store. The function itself is in main.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.origin import Origin
    from sloth_tui.settings import Settings
    from sloth_tui.store.port import Store

Mode: TypeAlias = Literal["read", "write", "copy"]
"""``copy``: a private copy, which can be written and is lost at the end."""


class OpenStore(Protocol):
    """Opens the store of an agent; ``settings`` is called only if the store needs them."""

    def __call__(
        self, agent: str, mode: Mode, origin: Origin | None, settings: Callable[[], Settings]
    ) -> Store: ...
