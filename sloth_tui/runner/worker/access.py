"""How a worker comes by its store: types only, the function is the process entry's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from sloth_tui.origin import Origin
    from sloth_tui.store.port import Store

Mode: TypeAlias = Literal["read", "write"]


class OpenStore(Protocol):
    def __call__(self, agent: str, mode: Mode, origin: Origin | None) -> Store: ...
