"""Find the task files that come with the program."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from sloth_tui.errors import UsageError
from sloth_tui.text import nearest

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_ENDING = ".lua"


def names() -> list[str]:
    """Return the names of all examples, in order."""
    return sorted(
        file.name.removesuffix(_ENDING) for file in _directory().iterdir() if file.name.endswith(_ENDING)
    )


def path(name: str) -> str:
    """Return the path of the example's file. Raises UsageError, with the nearest or all names as hint."""
    return str(_file(name))


def source(name: str) -> str:
    """Return the text of the example. Raises UsageError like :func:`path`."""
    return _file(name).read_text("utf-8")


def summary(name: str) -> str:
    """Return what the example shows: the comment in its first line."""
    return source(name).partition("\n")[0].removeprefix("--").strip()


def _file(name: str) -> Traversable:
    known = names()
    if name not in known:
        near = nearest(name, known, 1)
        hint = f"did you mean '{near[0]}'?" if near else "examples: " + ", ".join(known)
        raise UsageError(f"there is no example '{name}'", hint=hint)
    return _directory() / (name + _ENDING)


def _directory() -> Traversable:
    return files("sloth_tui") / "examples"
