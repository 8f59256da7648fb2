"""The help screen."""

from __future__ import annotations

from sloth_tui.tui.browser.context import Controller


class HelpController(Controller):
    """Opens the help screen."""

    def action_help(self) -> None:
        from sloth_tui.tui.dialogs.help import HelpScreen

        self.screen.app.push_screen(HelpScreen())
