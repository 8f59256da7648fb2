"""Hold back messages about an agent until its rows are on screen."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from sloth_tui.tui.messages import RoutedMessage

Told = TypeVar("Told", bound="RoutedMessage")


class HeldMessages:
    """Shows messages about an agent together with its rows.

    Different threads read rows and figures. While the rows on screen still belong to the previous agent, the
    newest message of each kind waits. So figures of one agent never appear beside rows of another.
    """

    def __init__(self, answers: Callable[[], bool], outlived: Callable[[], bool]) -> None:
        """``answers``: True once messages are about the selected agent. ``outlived``: True while the rows on
        screen belong to the previous agent."""
        self._answers = answers
        self._outlived = outlived
        self._held: dict[Hashable, Callable[[], None]] = {}

    def show(self, message: Told, show: Callable[[Told], None], *, kind: Hashable = None) -> None:
        """Call ``show`` with the message, now or when the rows arrive.

        A later message of the same type and ``kind`` replaces one that waits.
        """
        if not self._answers():
            return
        if self._outlived():
            self._held[type(message), kind] = partial(show, message)
        else:
            show(message)

    def rows_came(self) -> None:
        """Show the waiting messages if the rows on screen belong to the selected agent."""
        if self._held and not self._outlived():
            held = list(self._held.values())
            self._held.clear()
            for show in held:
                show()

    def forget(self) -> None:
        """Drop the waiting messages: their agent is being left, or cannot be read."""
        self._held.clear()
