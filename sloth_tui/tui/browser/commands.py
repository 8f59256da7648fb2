"""The actions of the browser: each method is what the registry's action of that name does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from sloth_tui.tui.actions import bindings, by_id, by_method
from sloth_tui.tui.browser.acting import ActingScreen
from sloth_tui.tui.browser.agent_actions import AgentActions
from sloth_tui.tui.browser.copy_actions import CopyActions
from sloth_tui.tui.browser.detail_actions import DetailActions
from sloth_tui.tui.browser.dock_actions import DockActions
from sloth_tui.tui.browser.jump_actions import JumpActions
from sloth_tui.tui.browser.size_actions import SizeActions
from sloth_tui.tui.browser.tree_actions import TreeActions

if TYPE_CHECKING:
    from textual.binding import BindingType

    from sloth_tui.tui.actions import Action


_RUN_ENDED = 0.05
"""Seconds between two looks at whether a run that was stopped has ended."""
_EARLY = ("Copy", "Marks", "Panes", "App")
"""Groups of actions that can do without the panes that are made last."""
_ALSO_EARLY = ("filter_keys", "go_to_key", "toggle_tree", "sort_next", "sort_reverse")


class CommandScreen(
    SizeActions,
    TreeActions,
    AgentActions,
    JumpActions,
    CopyActions,
    DetailActions,
    DockActions,
    ActingScreen,
):
    """Carries out actions on what the cursors stand on."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A key works, and the footer shows it, only in the panes of its action."""
        known = by_method(action)
        if known is None:
            return True
        there = self.furnished or known.group in _EARLY or known.id in _ALSO_EARLY
        return there and (not known.panes or self.current in known.panes)

    def action_perform(self, name: str) -> None:
        """Carry out the action of this id."""
        self.perform(by_id(name))

    def perform(self, action: Action) -> None:
        """Carry out an action wherever the focus is."""
        if action.call:
            self.call_later(self.run_action, action.call)
        else:
            getattr(self, f"action_{action.id}")()

    def action_clear_all(self) -> None:
        self._change(self.flows.clear(""))

    def action_break_lock(self) -> None:
        lock = self.locks_pane.highlighted
        if lock is None:
            self.flows.tell("no lock is held")
        else:
            self._change(self.flows.break_lock(lock))

    def action_run_file(self) -> None:
        async def run() -> None:
            path = await self.flows.choose_file()
            if path:
                self.action_show_pane("run")
                self.services.run_file(path)

        self._change(run())

    def action_stop_run(self) -> None:
        if not self.services.stop_run():
            self.flows.tell("nothing is running")

    def action_go_to_key(self) -> None:
        from sloth_tui.tui.palette import key_palette

        self.app.push_screen(key_palette())

    def action_refresh(self) -> None:
        self.services.refresh()

    def action_help(self) -> None:
        from sloth_tui.tui.dialogs.help import HelpScreen

        self.app.push_screen(HelpScreen())

    def leave(self) -> None:
        """End the app. A run that is going on is stopped by that, which is asked first."""
        if self.services.running:
            self.run_worker(self._leave_run(), group="leave", exclusive=True)
        else:
            self.app.exit()

    async def _leave_run(self) -> None:
        if await self.flows.may_stop_run():
            # It is on screen how long its commands may take to end; asked a second time, they are killed.
            self.services.stop_run()
            while self.services.running:
                await asyncio.sleep(_RUN_ENDED)
            self.app.exit()
