"""What every part of the browser that carries out actions needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.errors import SlothError
from sloth_tui.tui.browser.lazy_panes import LatePanes
from sloth_tui.tui.browser.panes import PanedScreen
from sloth_tui.tui.operations.common import Flows
from sloth_tui.tui.widgets.key_table.key_table import KeyTable

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from sloth_tui.model import Row
    from sloth_tui.tui.services import Services


class ActingScreen(LatePanes, PanedScreen):
    """Knows what is chosen, and runs what takes longer beside the screen. Groups of actions are mixins for
    it, derived from ``Acting``."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        if services.settings.keys:
            from sloth_tui.tui.keymap import rebound

            # The framework's own key maps lose what other actions have on the same keys in other panes.
            self._bindings = rebound(self._bindings)
        self.services = services
        self.flows = Flows(self.app, services)
        self.furnished = False
        """Whether there is more in the panes than keys."""
        self.shown: str | None = None
        """The key the cursor came to rest on, whose entry is shown; None: there is none."""
        self.answers = False
        """Whether what the services tell is about the agent that was chosen last."""

    @property
    def row(self) -> Row | None:
        """The row under the cursor; None where there is none, or only one of an agent that was left."""
        table = self.query_one(KeyTable)
        return table.row if self.answers and not table.outlived else None

    @property
    def key(self) -> str | None:
        """The key under the cursor, even where that has just come there and something else is still shown."""
        row = self.row
        return row.key if row is not None and row.keys is None else None

    @property
    def chosen_keys(self) -> list[str]:
        """The keys an action is about: those marked, else the one under the cursor."""
        return [] if self.key is None else [self.key]

    def action_perform(self, name: str) -> None:
        """Carry out the action of this id."""
        raise NotImplementedError

    def choose_agent(self, name: str) -> None:
        """Show another agent."""
        raise NotImplementedError

    def go_to_key(self, key: str) -> None:
        """Put the cursor on a key, out of a filter that hides it."""
        raise NotImplementedError

    def _change(self, flow: Coroutine[object, object, None]) -> None:
        """Run a flow beside the screen; what goes wrong in it becomes a toast. Refused at once where
        nothing may be written."""
        self.run_worker(self._guarded(flow), group="changes")

    def _look(self, flow: Coroutine[object, object, None]) -> None:
        """The same for what changes nothing."""
        self.run_worker(self._guarded(flow, writes=False), group="looks")

    async def _guarded(self, flow: Coroutine[object, object, None], *, writes: bool = True) -> None:
        try:
            if writes:
                self.services.check_writable()
            await flow
        except SlothError as error:
            self.flows.complain(error)
        finally:
            flow.close()


if TYPE_CHECKING:
    Acting = ActingScreen
else:
    # Each class of screens takes a millisecond at every start, so a mixin is none by itself.
    Acting = object
