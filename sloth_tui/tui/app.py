"""The app: wiring of services, screen, colours and signals."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import traceback
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.app import App, ScreenError
from textual.css.query import NoMatches
from textual.widget import MountError
from textual.worker import WorkerFailed

from sloth_tui.text import display_text
from sloth_tui.tui.actions import ACT_ON_FILES, NEED_TERMINAL, by_id, rebind
from sloth_tui.tui.browser.layout import NARROW, NORMAL, WIDE
from sloth_tui.tui.browser.screen import BrowserScreen
from sloth_tui.tui.external.last_words import end_if_short, watch_loop, watch_threads
from sloth_tui.tui.external.lasting import LastingFile
from sloth_tui.tui.external.steady_driver import make_steady
from sloth_tui.tui.external.suspending import Suspension, is_terminal_gone
from sloth_tui.tui.input_filter import InputFilter
from sloth_tui.tui.services import Services
from sloth_tui.tui.theme import NIGHT, THEMES
from sloth_tui.tui.ui_state import UiStateFile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.command import Provider
    from textual.driver import Driver
    from textual.events import Event
    from textual.message import Message
    from textual.screen import Screen
    from textual.timer import Timer

    from sloth_tui.settings import Settings
    from sloth_tui.tui.actions.action import Action

_SAVE_DELAY_SECONDS = 1.0
"""Between a change of the UI state and its write to disk."""
_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
_TERMINAL_CHECK_SECONDS = 1.0


def _everything() -> type[Provider]:
    """Load the palette's provider, when the palette is first opened."""
    from sloth_tui.tui.palette import EverythingProvider

    return EverythingProvider


def _bind(settings: Settings, *, in_browser: bool, read_only: bool) -> None:
    """Give actions the keys that the settings give them, and offer the user's own commands. Raises
    InvalidConfig."""
    keys: dict[str, str] = {}
    own: list[Action] = []
    if settings.keys or settings.commands:
        from sloth_tui.tui.keymap import check_keys
        from sloth_tui.tui.own_actions import offered, own_actions

        every = own_actions(settings)
        keys = check_keys(settings, every)
        ids = offered(settings, in_browser=in_browser, read_only=read_only)
        own = [action for action in every if action.id in ids]
    rebind(keys, without=_withheld(in_browser=in_browser, read_only=read_only), own=own)


def _withheld(*, in_browser: bool, read_only: bool) -> tuple[str, ...]:
    """Return the actions that are not offered."""
    if not in_browser:
        return ()
    return (*NEED_TERMINAL, *ACT_ON_FILES) if read_only else NEED_TERMINAL


class SlothApp(App[int]):
    """Shows one agent's store at a time."""

    TITLE = "sloth"
    CSS_PATH = "sloth.tcss"
    COMMANDS = {_everything}  # noqa: RUF012  # the framework's declaration
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012  # the framework's declaration
        (0, "-single"),
        (NARROW, "-narrow"),
        (NORMAL, "-normal"),
        (WIDE, "-wide"),
    ]

    def __init__(
        self,
        agent: str,
        settings: Settings,
        *,
        read_only: bool,
        ui_state: UiStateFile | None = None,
        warnings: Iterable[str] = (),
        in_browser: bool = False,
    ) -> None:
        """``ui_state``: the screen as it was left; ``warnings`` are shown once there is a screen.
        ``in_browser``: its terminal is a page in a web browser. Raises InvalidConfig for invalid keys."""
        _bind(settings, in_browser=in_browser, read_only=read_only)
        self._in_browser = in_browser
        self.COMMAND_PALETTE_BINDING = by_id("palette").key.split(",")[0]  # type: ignore[misc]
        # NO_COLOR forbids the terminal's own colours too.
        super().__init__(ansi_color=False if "NO_COLOR" in os.environ else None)
        self._agent = agent
        self._ui_state = ui_state or UiStateFile()
        self._ui_state.changed = self._save_soon
        self._save_timer: Timer | None = None
        self._warnings = list(warnings)
        self.services = Services(self._tell, settings, read_only=read_only)
        self._suspension = Suspension(self, partial(self.notify, severity="warning", markup=False))
        self._input = InputFilter(self)
        for theme in THEMES:
            self.register_theme(theme)
        if not settings.motion:
            self.animation_level = "none"
        # Assignment would read the style sheet twice.
        self.set_reactive(App.theme, NIGHT.name)
        self._wanted_theme = self._first_theme(settings.theme)
        self.stylesheet.set_variables(self.get_css_variables())
        self._browser: BrowserScreen
        self._spared_interrupts = 0

    def get_driver_class(self) -> type[Driver]:
        if self._in_browser:
            from sloth_tui.tui.external.browser_driver import BrowserDriver

            return make_steady(BrowserDriver)
        return make_steady(super().get_driver_class())

    @property
    def ui_state(self) -> UiStateFile:
        """What is kept from one start to the next."""
        return self._ui_state

    @property
    def unsaved(self) -> bool:
        """True if something is lost when the app ends now: a text that was typed, a run, a command."""
        return (
            self.services.running
            or self.services.running_commands > 0
            or any(getattr(screen, "unsaved", False) for screen in self._screen_stack)
        )

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return defaults of our own variables, for built-in themes."""
        grey = "ansi_bright_black" if self.current_theme.ansi else "#808080"
        return {"edge": grey, "quiet": grey, "cursor-style": "bold"}

    def _build_driver(
        self, headless: bool, inline: bool, mouse: bool, size: tuple[int, int] | None
    ) -> Driver:
        driver = super()._build_driver(headless, inline, mouse, size)
        file = getattr(driver, "_file", None)
        if file is not None:
            driver._file = LastingFile(file)  # type: ignore[attr-defined]  # of those that draw
        return driver

    def get_default_screen(self) -> Screen[None]:
        self._give_class_of_width(self._browser)
        return self._browser

    def _load_screen_css(self, screen: Screen[Any]) -> None:
        """Read the style sheets of a new screen. The framework also parses all others anew, and applies them
        to the screen below."""
        for path in screen.css_path:
            if not self.stylesheet.has_source(str(path)):
                self.stylesheet.add_source(path.read_text(encoding="utf-8"), read_from=(str(path), ""))
        self._give_class_of_width(screen)

    def _give_class_of_width(self, screen: Screen[Any]) -> None:
        """The framework does so once all is laid out, and then everything is styled and laid out again."""
        classes = screen._get_breakpoint_classes(self.size.width, self.HORIZONTAL_BREAKPOINTS)
        screen.update_classes(dict.fromkeys(classes, True), update=screen.is_attached)

    def on_load(self) -> None:
        loop = asyncio.get_running_loop()
        watch_loop(self, loop)
        for number in _SIGNALS:
            loop.add_signal_handler(number, self._leave, number)
        self._suspension.watch()
        # Before there is a screen: the first keys are read while it is made, their news wait for it.
        self._browser = BrowserScreen(self.services, self._ui_state)
        self._hand_over = partial(loop.call_soon_threadsafe, context=copy_context())
        self.theme = self._wanted_theme
        self._browser.begin(self._agent)

    def on_ready(self) -> None:
        gc.enable()
        self._suspension.begin()
        if not self.is_headless and not self._in_browser:
            self.set_interval(_TERMINAL_CHECK_SECONDS, self._leave_without_terminal)
        for warning in self._warnings:
            self.notify(display_text(warning), severity="warning", timeout=8, markup=False)

    async def on_unmount(self) -> None:
        # Signals are heard until the loop is closed: one that came now would leave the terminal as it is.
        self._suspension.unwatch()
        await asyncio.to_thread(self._ui_state.write)
        await asyncio.to_thread(self.services.stop)

    @property
    def _background_screens(self) -> list[Screen[Any]]:
        """Return the screens that show through the one on top. The framework takes the one below to do so
        even if the one on top covers it, and then draws all of that anew whenever something below changes."""
        return super()._background_screens if self.screen.is_modal else []

    def action_command_palette(self) -> None:
        """Open the palette, but not over a dialog: its hits act on the browser or the run screen."""
        if not self.screen.is_modal:
            from sloth_tui.tui.palette import make_palette

            self.push_screen(make_palette())

    def action_suspend_process(self) -> None:
        self._suspension.suspend()

    def stop_job(self, *, signalled: bool = False) -> None:
        """Stop while another program has the terminal, until the shell continues the job. ``signalled``: the
        shell asked for it."""
        self._suspension.stop(signalled=signalled)

    async def action_quit(self) -> None:
        self._browser.leave()

    def _first_theme(self, wanted: str | None) -> str:
        """Return the theme to begin with: the configured one, else the last one chosen."""
        for name in (wanted, self._ui_state.now.theme):
            if name in self.available_themes:
                return name
        if wanted is not None:
            self._warnings.append(f"config.toml: tui.theme: there is no theme {wanted}")
        return NIGHT.name

    def watch_theme(self, theme: str) -> None:
        self._ui_state.note(theme=theme)

    def _save_soon(self) -> None:
        """Save after a delay: a drag changes the state many times."""
        if self.is_running:
            if self._save_timer is not None:
                self._save_timer.stop()
            self._save_timer = self.set_timer(_SAVE_DELAY_SECONDS, self._save)

    async def _save(self) -> None:
        await asyncio.to_thread(self._ui_state.write)

    async def on_event(self, event: Event) -> None:
        if not self._suspension.outlived(event) and not self._input.take(event):
            await super().on_event(event)

    @property
    def clipboard(self) -> str:
        """The text last cut or copied in the app, as the focused field may hold it."""
        return self._input.filter(super().clipboard)[0]

    def _handle_exception(self, error: Exception) -> None:
        """Ignore widgets that miss each other while the app exits."""
        end_if_short(self, error)
        cause = error.error if isinstance(error, WorkerFailed) else error
        if not (self._exit and isinstance(cause, NoMatches | MountError | ScreenError)):
            super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """Leave with a plain traceback. The framework's shows variables, which may be secrets."""
        from rich.text import Text

        self.panic(Text(display_text(traceback.format_exc(), lines=True)))

    def watch_threads(self) -> None:
        """End if a thread ends by an error, instead of going on without it. For a process of its own."""
        watch_threads(self, self._tell)

    def spare_interrupt(self) -> None:
        """Do not end by an interrupt that just came: the loop hears of it although it was another's."""
        self._spared_interrupts += 1

    def _leave(self, number: int) -> None:
        if number == signal.SIGINT and self._spared_interrupts:
            self._spared_interrupts -= 1
            return
        self.exit(return_code=128 + number)

    def _leave_without_terminal(self) -> None:
        """Leave as SIGHUP does, if the terminal is gone: the signal goes to the program that the terminal was
        opened for, and not all pass it on. GNU make waits for this process instead."""
        if is_terminal_gone():
            self._leave(signal.SIGHUP)

    def _tell(self, message: Message) -> None:
        """Hand a message of the services, from any thread, to the browser, even under a dialog."""
        with suppress(RuntimeError):  # the app has ended, and its loop is closed
            self._hand_over(partial(self._browser.post_message, message))
