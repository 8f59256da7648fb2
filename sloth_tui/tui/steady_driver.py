"""What goes to the terminal, so that borders stay where they are beside characters of doubtful width."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.cells import steadied

if TYPE_CHECKING:
    from textual.driver import Driver


def steady(driver: type[Driver]) -> type[Driver]:
    """The driver, with all it writes steadied."""

    class SteadyDriver(driver):  # type: ignore[misc, valid-type]  # whichever the platform has
        def write(self, data: str) -> None:
            super().write(steadied(data))

    return SteadyDriver
