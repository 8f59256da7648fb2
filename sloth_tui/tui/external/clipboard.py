"""Copy text: to the terminal by OSC 52, which terminals do not acknowledge, and to a program that can reach
the clipboard of this machine, if there is one."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from sloth_tui.errors import SlothError
from sloth_tui.text import format_size

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from textual.app import App

SAFE_OSC52_BYTES = 74_994
"""Every terminal with OSC 52 accepts this many."""
MAX_OSC52_BYTES = 4 * 1024 * 1024
_COPY_TIMEOUT_SECONDS = 5.0
"""How long a program may take to read the text."""


class Clipboard:
    """Copies text. ``command``, if given, is the program that reads it from stdin, and the only way used."""

    def __init__(self, app: App[int], command: tuple[str, ...] = ()) -> None:
        self._app = app
        self._command = command
        self._hinted = False

    async def put(self, text: str) -> str:
        """Copy the text; return a note for the user, or an empty text. Raises SlothError."""
        data = text.encode("utf-8", "surrogateescape")
        if self._app.is_web:
            # A program here would fill the clipboard of this machine.
            return self._by_page(text, len(data))
        if self._command:
            await asyncio.to_thread(give, self._command, data)
            return ""
        program = find_program(os.environ)
        if program is not None:
            try:
                await asyncio.to_thread(give, program, data)
            except SlothError:
                program = None
        return self._by_terminal(text, len(data), alone=program is None)

    def _by_terminal(self, text: str, size: int, *, alone: bool) -> str:
        if size > MAX_OSC52_BYTES:
            if alone:
                raise SlothError(
                    f"{format_size(size)} are too much to copy through the terminal",
                    hint='[tui] copy_command = "xclip -selection clipboard" in config.toml, say',
                )
            return ""
        self._send(text)
        if not alone:
            return ""
        if size > SAFE_OSC52_BYTES:
            return f"{format_size(size)}: not every terminal takes that much"
        if self._hinted:
            return ""
        self._hinted = True
        return "nothing to paste? set [tui] copy_command"

    def _by_page(self, text: str, size: int) -> str:
        """Hand the text to the page in the browser, which says itself if it may not copy it."""
        if size > MAX_OSC52_BYTES:
            raise SlothError(
                f"{format_size(size)} are too much to copy through a browser",
                hint="sloth-runner state get prints it",
            )
        self._send(text)
        return ""

    def _send(self, text: str) -> None:
        self._app.copy_to_clipboard(text.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))


def find_program(
    environment: Mapping[str, str], which: Callable[[str], str | None] = shutil.which
) -> tuple[str, ...] | None:
    """Return a program that reaches the clipboard of the user at this terminal; None if there is none. Over
    SSH it would fill the remote machine's clipboard."""
    if not ("SSH_CONNECTION" in environment or "SSH_TTY" in environment):
        candidates: list[tuple[str, ...]] = []
        if environment.get("WAYLAND_DISPLAY"):
            candidates.append(("wl-copy",))
        if environment.get("DISPLAY"):
            candidates += [("xclip", "-selection", "clipboard"), ("xsel", "--clipboard", "--input")]
        if sys.platform == "darwin":
            candidates.append(("pbcopy",))
        for candidate in candidates:
            if which(candidate[0]):
                return candidate
    if environment.get("TMUX") and which("tmux"):
        # By default tmux does not pass OSC 52 of programs on; this fills its buffer and is passed on.
        return ("tmux", "load-buffer", "-w", "-")
    return None


def give(command: tuple[str, ...], data: bytes) -> None:
    """Have a program read ``data``. Raises SlothError."""
    try:
        # Its own session, so that it cannot write to our terminal. Only stdin is a pipe: some of these
        # programs keep running to serve the clipboard, and would hold other pipes open.
        ended = subprocess.run(
            command,
            input=data,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            timeout=_COPY_TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SlothError(f"{command[0]} did not take the text within {_COPY_TIMEOUT_SECONDS:.0f} s") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise SlothError(f"{command[0]}: {reason}", hint="[tui] copy_command in config.toml") from error
    if ended.returncode:
        raise SlothError(
            f"{command[0]} failed with exit code {ended.returncode}; nothing was copied",
            hint="[tui] copy_command in config.toml",
        )
