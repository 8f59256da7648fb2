"""What the screens that hear news have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.tui.screens.commands import CommandScreen

if TYPE_CHECKING:
    from sloth_tui.tui.messages import StoreFailed, StoreOpened


class NewsScreen(CommandScreen):
    """Under the mixins, derived from ``News``, that hand news of the services to widgets, each for one part
    of the screen.

    The framework calls the handler of a message in every class that has one, so several mixins may listen
    to the same news: each looks after its own widgets.
    """

    def is_about_chosen(self, message: StoreOpened | StoreFailed) -> bool:
        """Whether it tells of the agent that was chosen last."""
        return message.agent == self.services.agent


if TYPE_CHECKING:
    News = NewsScreen
else:
    # As with Acting.
    News = object
