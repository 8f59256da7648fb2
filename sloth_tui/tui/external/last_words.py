"""End the app where open files, memory or processes have run out.

At once: an orderly end takes more threads, files and memory. What was written to a store is safe there, and a
run ends with this process.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sloth_tui.errors import ExitCode
from sloth_tui.shortage import describe_shortage
from sloth_tui.tui.messages import ThreadDied

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from textual.app import App
    from textual.message import Message


def end_if_short(app: App[int], error: BaseException | None) -> None:
    """Restore the terminal, write one line to stderr and end this process, if ``error`` comes from a shortage
    and there is a terminal."""
    lacking = None if error is None or app.is_headless else describe_shortage(error)
    if lacking is None:
        return
    driver = app._driver
    if driver is not None:
        with suppress(Exception):
            driver.stop_application_mode()
        with suppress(Exception):
            driver.close()
    os.write(2, f"error: {lacking}\n".encode())
    os._exit(ExitCode.FAILURE)


def watch_loop(app: App[int], loop: asyncio.AbstractEventLoop) -> None:
    """Look at the errors of callbacks, which the loop only logs."""

    def heed(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        end_if_short(app, context.get("exception"))
        loop.default_exception_handler(context)

    loop.set_exception_handler(heed)


def watch_threads(app: App[int], tell: Callable[[Message], None]) -> None:
    """Look at the errors that end threads; ``tell`` hands a message to the screen."""

    def heed(ended: threading.ExceptHookArgs) -> None:
        end_if_short(app, ended.exc_value)
        if isinstance(ended.exc_value, Exception):
            tell(ThreadDied(ended.exc_value))

    threading.excepthook = heed
