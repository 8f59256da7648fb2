"""What the screens that hear news have in common."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

from sloth_tui.tui.browser.commands import CommandScreen
from sloth_tui.tui.widgets.key_table.key_table import KeyTable

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.message import Message

    from sloth_tui.tui.messages import StoreFailed, StoreOpened
    from sloth_tui.tui.services import Services

Told = TypeVar("Told", bound="Message")


class NewsScreen(CommandScreen):
    """Under the mixins, derived from ``News``, that hand news of the services to widgets, each for one part
    of the screen.

    The framework calls the handler of a message in every class that has one, so several mixins may listen
    to the same news: each looks after its own widgets.
    """

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._held: dict[type[Message], Callable[[], None]] = {}
        """The newest news of each kind that wait for rows of the same agent."""

    def show_with_rows(self, message: Told, show: Callable[[Told], None]) -> None:
        """Show what is told of the agent on screen; as long as the rows on screen are of the one before, wait
        for its own: they are read by different threads, and nobody is to take one for the other."""
        if not self.answers:
            return
        if self.query_one(KeyTable).outlived:
            self._held.pop(type(message), None)
            self._held[type(message)] = partial(show, message)
        else:
            show(message)

    def show_held(self) -> None:
        """Rows came: if they are of the agent that was chosen last, show what waits for them."""
        if self._held and not self.query_one(KeyTable).outlived:
            held = list(self._held.values())
            self.forget_held()
            for show in held:
                show()

    def forget_held(self) -> None:
        """What waits is of an agent that is being left, or cannot be read."""
        self._held.clear()

    def is_about_chosen(self, message: StoreOpened | StoreFailed) -> bool:
        """Whether it tells of the agent that was chosen last."""
        return message.agent == self.services.agent


if TYPE_CHECKING:
    News = NewsScreen
else:
    # As with Acting.
    News = object
