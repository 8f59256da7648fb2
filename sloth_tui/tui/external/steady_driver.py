"""A driver that keeps borders aligned beside characters of ambiguous width, and never waits for a terminal
that is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.cells import align_output

if TYPE_CHECKING:
    from textual.driver import Driver


def make_steady(driver: type[Driver]) -> type[Driver]:
    """Return a subclass of the driver that steadies its output and ignores the signals the app handles."""

    class SteadyDriver(driver):  # type: ignore[misc, valid-type]  # whichever the platform has
        def write(self, data: str) -> None:
            # The queue blocks when it is full, and the thread that empties it may have ended.
            writer = getattr(self, "_writer_thread", None)
            if writer is None or writer.is_alive():
                super().write(align_output(data))

        def _run_input_thread(self) -> None:
            """Read keys; an error ends this thread and then the app, see :mod:`.last_words`."""
            self.run_input_thread()

        def _sigtstp_application(self, *_: object) -> None:
            """Do nothing: the app handles the signal between two events."""

        def _sigcont_application(self, *_: object) -> None:
            """Do nothing: a terminal that goes away sends this signal too, even while it is being set up."""

    return SteadyDriver
