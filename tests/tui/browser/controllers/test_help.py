"""The help screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.tui.browser.controllers.help import HelpController

if TYPE_CHECKING:
    from tests.tui.browser.fake import Fake


def test_help_opens_over_the_browser(fake: Fake) -> None:
    from sloth_tui.tui.dialogs.help import HelpScreen

    HelpController(fake.context).action_help()
    (opened,) = fake.screen.app.push_screen.call_args.args
    assert isinstance(opened, HelpScreen)
