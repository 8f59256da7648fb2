"""Paths as people give and read them."""

from __future__ import annotations

import os

from sloth_tui.text import display_text

_NAME_CHARACTERS = 300


def current_directory() -> str:
    """Return the directory in which relative paths begin; the home directory if it is gone."""
    try:
        return os.getcwd()
    except OSError:
        return os.path.expanduser("~")


def absolute(path: str) -> str:
    """Return an absolute path, even if the current directory is gone."""
    return os.path.normpath(os.path.join(current_directory(), path))


def as_given(path: str) -> str:
    """Return an absolute path as a person here would give it: relative if it is below this directory."""
    inside = path.removeprefix(current_directory().rstrip("/") + "/")
    return os.path.join(".", inside) if inside.startswith("-") else inside


def shown_path(path: str) -> str:
    """Return a path as people write it, harmless: ``~/work``."""
    home = os.path.expanduser("~")
    if path == home or (home != "/" and path.startswith(home.rstrip("/") + "/")):
        path = "~" + path[len(home.rstrip("/")) :]
    return shown_name(path)


def shown_name(name: str) -> str:
    """Return the name of a file, harmless."""
    return display_text(name, _NAME_CHARACTERS)
