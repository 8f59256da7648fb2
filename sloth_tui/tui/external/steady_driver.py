"""What goes to the terminal: borders stay where they are beside characters of doubtful width, and nobody
waits for a terminal that is not written to any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.cells import steadied

if TYPE_CHECKING:
    from textual.driver import Driver


def steady(driver: type[Driver]) -> type[Driver]:
    """The driver, with all it writes steadied, and deaf to the signals that the app follows itself."""

    class SteadyDriver(driver):  # type: ignore[misc, valid-type]  # whichever the platform has
        def write(self, data: str) -> None:
            # Its queue takes a few and then waits for a thread, which may have ended.
            writer = getattr(self, "_writer_thread", None)
            if writer is None or writer.is_alive():
                super().write(steadied(data))

        def _sigtstp_application(self, *_: object) -> None:
            """Not at any point of the program: the app hears of it between two events."""

        def _sigcont_application(self, *_: object) -> None:
            """A terminal that goes away sends this one too: while it is being set up it would be twice."""

    return SteadyDriver
