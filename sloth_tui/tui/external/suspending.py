"""Give the terminal back to the shell: Ctrl-Z, and ``fg`` to continue."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from textual import _time
from textual.events import InputEvent, Paste

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from textual.app import App
    from textual.events import Event

_SIGNALS = (signal.SIGTSTP, signal.SIGCONT)
_DELIVERY_SECONDS = 0.2
"""A signal that a process sends itself arrives within this time; on Linux, at once."""


class Suspension:
    """Stops the app with its whole job, and draws it again when it continues. Runs go on meanwhile: they are
    processes in sessions of their own."""

    def __init__(self, app: App[int], tell: Callable[[str], object]) -> None:
        self._app = app
        self._tell = tell
        self._returned = 0.0
        self._heard = dict.fromkeys(_SIGNALS, 0)
        """Number of signals that were handled already, and that the event loop will still deliver."""
        self._begun = False
        """True once there is a screen that can be removed and drawn again."""
        self._wanted = False
        """True if the shell asked to stop before that."""

    def watch(self) -> None:
        """Handle the shell's signals in place of the framework, which would act at any point of the program.
        Until :meth:`begin` they are only noted."""
        loop = asyncio.get_running_loop()
        for number, act in ((signal.SIGTSTP, self.suspend), (signal.SIGCONT, self._go_on)):
            loop.add_signal_handler(number, self._hear, number, act)

    def begin(self) -> None:
        """Act on signals from now on: there is a screen."""
        self._begun = True
        if self._wanted:
            self.suspend()

    def unwatch(self) -> None:
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.remove_signal_handler(number)

    def outlived(self, event: Event) -> bool:
        """True if this was typed after the key that suspended the app: it was meant for the shell."""
        return isinstance(event, InputEvent | Paste) and event.time <= self._returned

    def suspend(self) -> None:
        """Give the terminal to the shell until the job continues. Without a shell, say so."""
        driver = self._app._driver
        if driver is None or not driver.can_suspend or is_alone():
            self._tell("there is no shell here to go back to")
            return
        driver.suspend_application_mode()
        stopped = self.stop()
        driver.resume_application_mode()
        self._draw()
        if not stopped:
            self._tell("there is no shell here to go back to")

    def stop(self, *, signalled: bool = False) -> bool:
        """Stop until the job is in the foreground again; return False if nothing could stop it. The terminal
        must be in the shell's mode. ``signalled``: the shell asked for it by its signal."""
        self._heard[signal.SIGTSTP] += signalled
        count = stop_job()
        self._heard[signal.SIGCONT] += count
        return count > 0

    def _hear(self, number: signal.Signals, act: Callable[[], object]) -> None:
        if self._heard[number]:
            self._heard[number] -= 1
        elif not self._begun:
            self._wanted |= number == signal.SIGTSTP
        else:
            act()

    def _go_on(self) -> None:
        """Draw the screen again after a stop by force: a shell may have had the terminal."""
        driver = self._app._driver
        if driver is None or not driver.can_suspend or self._app._exit or not self._app.is_running:
            return
        if is_terminal_gone():
            # The signal that says so came with this one, and is delivered next.
            return
        self._heard[signal.SIGCONT] += wait_for_terminal()
        driver.suspend_application_mode()
        driver.resume_application_mode()
        self._draw()

    def _draw(self) -> None:
        self._returned = _time.get_time()
        self._app.refresh(layout=True)


def is_alone() -> bool:
    """True if no shell has this job: none would notice that it is stopped."""
    return os.getpgrp() == os.getsid(0)


def stop_job() -> int:
    """Stop all processes of this job, as a terminal does on Ctrl-Z, until a shell gives the job the terminal
    again. Return how often the job was continued; 0: it could not be stopped."""
    with _counted() as continued:
        os.killpg(0, signal.SIGTSTP)
        deadline = time.monotonic() + _DELIVERY_SECONDS
        while not continued and time.monotonic() < deadline:
            time.sleep(0.01)
        while continued and not _has_terminal():
            # Continued in the background: it must not take the terminal from the shell.
            os.killpg(0, signal.SIGTTIN)
            time.sleep(0.01)
    return len(continued)


def wait_for_terminal() -> int:
    """Stop as long as another job has the terminal. Return how often this job was continued."""
    with _counted() as continued:
        while not _has_terminal():
            os.killpg(0, signal.SIGTTIN)
            time.sleep(0.01)
    return len(continued)


@contextmanager
def _counted() -> Iterator[list[int]]:
    """Let the shell's signals stop this process; the list grows with each signal that continues it."""
    continued: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        continued.append(number)

    before = {number: signal.getsignal(number) for number in _SIGNALS}
    signal.signal(signal.SIGCONT, note)
    signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    try:
        yield continued
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _has_terminal() -> bool:
    """True if this job is in the foreground, or the terminal is gone: then no other job is, and this program
    ends soon."""
    return _foreground() in (None, os.getpgrp())


def is_terminal_gone() -> bool:
    """True if the terminal was hung up: reading it gives nothing at once, for ever."""
    return _foreground() is None


def _foreground() -> int | None:
    """Return the job that has the terminal; None if the terminal is gone."""
    try:
        return os.tcgetpgrp(sys.__stdin__.fileno()) if sys.__stdin__ is not None else None
    except OSError:
        return None
