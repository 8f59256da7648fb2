"""Keys in the environment: taken out of it before any other process could inherit them.

``env:NAME`` is the second best source, because the kernel goes on showing the environment that a process was
started with to its user and to root.
"""

from __future__ import annotations

import os

from sloth_tui.agents import config_path

_MAX_BYTES = 1024 * 1024
_PREFIX = b"env:"
_taken: dict[str, str] = {}
"""Name -> value, of the variables that were taken out."""


def value_of(name: str) -> str | None:
    """Return the value of a variable that holds keys, and take it out of the environment."""
    value = os.environ.pop(name, None)
    if value is not None:
        _taken[name] = value
    return _taken.get(name)


def take_out() -> None:
    """Take the variables out of the environment that the settings and ``SLOTH_RUNNER_KEY`` name.

    The file of settings is not parsed: a program that is about to start another one must not wait for that.
    """
    for name in _named():
        value_of(name)


def forget() -> None:
    """Forget what was taken out."""
    _taken.clear()


def _named() -> list[str]:
    text = os.environ.get("SLOTH_RUNNER_KEY", "").encode("utf-8", "replace") + b"\n"
    try:
        with open(config_path(), "rb") as file:
            text += file.read(_MAX_BYTES)
    except (OSError, ValueError):
        pass  # whoever needs the settings says what is wrong with them
    found = []
    for part in text.split(_PREFIX)[1:]:
        length = next((at for at, byte in enumerate(part) if not (chr(byte).isalnum() or byte == 0x5F)), None)
        name = part[:length].decode("ascii", "ignore")
        if name:
            found.append(name)
    return found
