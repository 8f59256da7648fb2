"""The context that the browser's controllers share: parts of the screen, what is selected, and helpers."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from sloth_tui.tui.browser.held_messages import HeldMessages
from sloth_tui.tui.browser.lazy_panes import LazyPanes
from sloth_tui.tui.browser.panes import Panes
from sloth_tui.tui.browser.workers import Workers
from sloth_tui.tui.messages import AgentLeft
from sloth_tui.tui.operations.common import Operations
from sloth_tui.tui.widgets.key_table.key_table import KeyTable

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.screen import Screen

    from sloth_tui.model import Row
    from sloth_tui.tui.messages import KeyLocated, RoutedMessage, StoreFailed, StoreOpened
    from sloth_tui.tui.services import Services
    from sloth_tui.tui.ui_state import UiStateFile


_LOOK_SECONDS, _PATIENCE_SECONDS = 0.02, 60.0
"""Between two looks whether an agent's store has been opened, and until that is given up."""


class Context:
    """The state that controllers share. They use this and not each other."""

    def __init__(
        self,
        screen: Screen[None],
        services: Services,
        ui_state: UiStateFile,
        *,
        tell: Callable[[RoutedMessage], None],
        perform: Callable[[str], None],
        current_changed: Callable[[], None],
    ) -> None:
        """``tell`` routes a message to its controllers at once; ``perform`` carries out an action by its id;
        ``current_changed`` is called when another pane becomes current."""
        self.screen = screen
        self.services = services
        self.ui_state = ui_state
        """The state of the screen that is saved."""
        self.tell = tell
        self.perform = perform
        self.operations = Operations(screen.app, services)
        self.panes = Panes(screen, ui_state, current_changed)
        self.lazy = LazyPanes(screen)
        self.workers = Workers(screen, services, self.operations)
        self.shown: str | None = None
        """The key whose entry is shown: the cursor rests on it. None: there is none."""
        self.answers = False
        """True once messages are about the selected agent."""
        self.held = HeldMessages(lambda: self.answers, lambda: self.table.outlived)

    @property
    def table(self) -> KeyTable:
        return self.screen.query_one(KeyTable)

    @property
    def row(self) -> Row | None:
        """The row under the cursor; None without one, or if it belongs to the previous agent."""
        table = self.table
        return table.row if self.answers and not table.outlived else None

    @property
    def key(self) -> str | None:
        """The key under the cursor, even if the detail still shows another one."""
        row = self.row
        return row.key if row is not None and row.keys is None else None

    @property
    def node(self) -> str | None:
        """The prefix of the node under the cursor, in a tree."""
        row = self.row
        return row.key if row is not None and row.keys is not None else None

    @property
    def chosen_keys(self) -> list[str]:
        """The keys an action applies to: the marked ones, in key order, else the one under the cursor."""
        marks = self.table.marks
        if marks:
            return marks.in_order()
        return [] if self.key is None else [self.key]

    @property
    def agent_names(self) -> list[str]:
        return self.lazy.agents.names if self.lazy.loaded else []

    def is_about_chosen(self, message: StoreOpened | StoreFailed | KeyLocated) -> bool:
        """True if a message is about the selected agent."""
        return message.agent == self.services.agent

    def go_to_key(self, key: str) -> None:
        """Put the cursor on a key; clear a filter that hides it."""
        self.panes.show("keys")
        self.services.find_key(key)

    async def go_to(self, agent: str, key: str) -> None:
        """Put the cursor on a key of any agent."""
        if agent != self.services.agent:
            self.choose_agent(agent)
            end = time.monotonic() + _PATIENCE_SECONDS
            while not self.answers and self.services.agent == agent and time.monotonic() < end:
                await asyncio.sleep(_LOOK_SECONDS)
        if self.services.agent == agent and self.answers:
            self.go_to_key(key)

    def choose_agent(self, name: str) -> None:
        """Show another agent. From now on nothing acts on the previous one."""
        self.tell(AgentLeft(name))
        self.answers = False
        self.services.choose_agent(name)
        if self.lazy.loaded:
            self.lazy.agents.choose(name)


class Controller:
    """Handles the messages and actions of one part of the browser.

    The tables of :mod:`sloth_tui.tui.browser.routes` say which messages call its ``on_...`` methods and which
    actions its ``action_...`` methods. It acts on widgets, services and operations, never on another
    controller.
    """

    def __init__(self, context: Context) -> None:
        self.context = context
        self.screen = context.screen
        self.services = context.services
        self.operations = context.operations
        self.panes = context.panes
        self.lazy = context.lazy
        self.workers = context.workers
