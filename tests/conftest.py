from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

_OURS = ("SLOTH_", "TEXTUAL", "XDG_")
_PICTURES = "TEXTUAL_SNAPSHOT_TEMPDIR"
"""Where the plugin that compares pictures puts those that differ."""
_COLOUR = ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "CLICOLOR", "COLUMNS", "LINES")
_CLIPBOARDS = ("DISPLAY", "WAYLAND_DISPLAY", "TMUX")


@pytest.fixture(autouse=True)
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty base directory and an environment without anything of the person who runs the tests."""
    for name in list(os.environ):
        if (name.startswith(_OURS) and name != _PICTURES) or name in (*_COLOUR, *_CLIPBOARDS):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("SLOTH_RUNNER_HOME", str(tmp_path / "base"))
    return tmp_path / "base"
