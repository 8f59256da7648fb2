"""A program in a terminal that has its own idea of how wide characters are: tmux."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


class Tmux:
    """Runs ``command`` on a screen of tmux; to be entered. Its socket is in ``directory``."""

    def __init__(self, directory: Path, command: list[str], *, columns: int = 110, lines: int = 40) -> None:
        self._environment = {**os.environ, "TMUX_TMPDIR": str(directory), "LC_ALL": "C.UTF-8"}
        self._lines = lines
        self._command = ["new-session", "-d", "-x", str(columns), "-y", str(lines), *command]

    def __enter__(self) -> Tmux:
        self._tmux(*self._command)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tmux("kill-server")

    def screen(self) -> list[str]:
        """The lines. Of what stands behind a character of doubtful width they do not tell the column."""
        return self._tmux("capture-pane", "-p").split("\n")

    def type(self, *keys: str) -> None:
        """Press keys, by the names that tmux has for them."""
        self._tmux("send-keys", *keys)

    def column(self, number: int) -> str:
        """What stands in one column of cells, from the top to the bottom; blanks are left out."""
        for words in (
            ["copy-mode"],
            # Without it the cursor goes on to the next line where one is short.
            ["send-keys", "-X", "rectangle-toggle"],
            ["send-keys", "-X", "top-line"],
            ["send-keys", "-X", "start-of-line"],
            *([["send-keys", "-X", "-N", str(number), "cursor-right"]] if number else []),
            ["send-keys", "-X", "begin-selection"],
            ["send-keys", "-X", "-N", str(self._lines - 1), "cursor-down"],
            ["send-keys", "-X", "copy-selection-and-cancel"],
        ):
            self._tmux(*words)
        return "".join(self._tmux("show-buffer").split())

    def _tmux(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-f", "/dev/null", *words],
            env=self._environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return done.stdout
