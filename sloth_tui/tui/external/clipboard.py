"""Where copied text goes: to the terminal by OSC 52, which no terminal answers, and to a program where there
is one that can reach the clipboard of this machine."""

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

BY_TERMINAL = 74_994
"""Bytes that every terminal with OSC 52 takes."""
MOST_BY_TERMINAL = 4 * 1024 * 1024
_PATIENCE = 5.0
"""Seconds a program has to take the text."""


class Clipboard:
    """Takes text. ``command`` are the words of a program that reads it from stdin, in place of all else."""

    def __init__(self, app: App[int], command: tuple[str, ...] = ()) -> None:
        self._app = app
        self._command = command
        self._hinted = False

    async def put(self, text: str) -> str:
        """Hand the text over; returns what a person should know besides, if anything. Raises SlothError."""
        data = text.encode("utf-8", "surrogateescape")
        if self._command:
            await asyncio.to_thread(give, self._command, data)
            return ""
        program = found_program(os.environ)
        if program is not None:
            try:
                await asyncio.to_thread(give, program, data)
            except SlothError:
                program = None
        return self._by_terminal(text, len(data), alone=program is None)

    def _by_terminal(self, text: str, size: int, *, alone: bool) -> str:
        if size > MOST_BY_TERMINAL:
            if alone:
                raise SlothError(
                    f"{format_size(size)} are too much to copy through the terminal",
                    hint='[tui] copy_command = "xclip -selection clipboard" in config.toml, say',
                )
            return ""
        self._app.copy_to_clipboard(text.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
        if not alone:
            return ""
        if size > BY_TERMINAL:
            return f"{format_size(size)}: not every terminal takes that much"
        if self._hinted:
            return ""
        self._hinted = True
        return "nothing to paste? set [tui] copy_command"


def found_program(
    environment: Mapping[str, str], which: Callable[[str], str | None] = shutil.which
) -> tuple[str, ...] | None:
    """A program that reaches the clipboard of the person at this terminal. One on the far side of an SSH
    connection would fill that machine's."""
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
        # By default tmux keeps OSC 52 of programs to itself; this goes into its buffer and further.
        return ("tmux", "load-buffer", "-w", "-")
    return None


def give(command: tuple[str, ...], data: bytes) -> None:
    """Have a program read ``data``. Raises SlothError."""
    try:
        # A session of its own, so that it cannot write to our terminal; no pipes but stdin, because some of
        # these programs stay to serve the clipboard and would hold the others open.
        ended = subprocess.run(
            command,
            input=data,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SlothError(f"{command[0]} did not take the text within {_PATIENCE:.0f} s") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise SlothError(f"{command[0]}: {reason}", hint="[tui] copy_command in config.toml") from error
    if ended.returncode:
        raise SlothError(
            f"{command[0]} failed with exit code {ended.returncode}; nothing was copied",
            hint="[tui] copy_command in config.toml",
        )
