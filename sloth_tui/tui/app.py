"""The app: wiring of services, screen, colours and signals."""

from __future__ import annotations

import asyncio
import signal
import traceback
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import App

from sloth_tui.text import display_text
from sloth_tui.tui.actions import PALETTE_KEY
from sloth_tui.tui.palette import EverythingProvider
from sloth_tui.tui.screens.browser import BrowserScreen
from sloth_tui.tui.screens.layout import NARROW, NORMAL, WIDE
from sloth_tui.tui.services import Services
from sloth_tui.tui.theme import NIGHT, THEMES

if TYPE_CHECKING:
    from textual.message import Message

    from sloth_tui.settings import Settings

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


class SlothApp(App[int]):
    """Shows one agent's store at a time."""

    TITLE = "sloth"
    CSS_PATH = "sloth.tcss"
    COMMANDS = {EverythingProvider}  # noqa: RUF012  # the framework's declaration
    COMMAND_PALETTE_BINDING = PALETTE_KEY
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012  # the framework's declaration
        (0, "-single"),
        (NARROW, "-narrow"),
        (NORMAL, "-normal"),
        (WIDE, "-wide"),
    ]

    def __init__(self, agent: str, settings: Settings, *, read_only: bool) -> None:
        super().__init__()
        self._agent = agent
        self.services = Services(self._tell, settings, read_only=read_only)
        self._browser: BrowserScreen | None = None
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = NIGHT.name

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own variables, for the themes of others."""
        return {"edge": "#808080", "quiet": "#808080"}

    async def on_mount(self) -> None:
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self._leave, number)
        self._browser = BrowserScreen(self.services)
        await self.push_screen(self._browser)
        self.services.start(self._agent)

    async def on_unmount(self) -> None:
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
        await asyncio.to_thread(self.services.stop)

    async def action_quit(self) -> None:
        if self._browser is None:
            self.exit()
        else:
            self._browser.leave()

    def _fatal_error(self) -> None:
        """Leave with a plain traceback: the framework's would show the values of variables, which are data
        and may be secrets."""
        self.panic(Text(display_text(traceback.format_exc(), lines=True)))

    def _leave(self, number: int) -> None:
        self.exit(return_code=128 + number)

    def _tell(self, message: Message) -> None:
        """News of the services goes to the browser, whatever dialog is open over it."""
        if self._browser is not None:
            self._browser.post_message(message)
