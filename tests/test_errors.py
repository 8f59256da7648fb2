from __future__ import annotations

import re

from sloth_tui import errors


def _tree(cls: type[errors.SlothError]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for child in cls.__subclasses__():
        if child.__module__ == errors.__name__:
            found[child.__name__] = cls.__name__
            found.update(_tree(child))
    return found


def _drawn() -> dict[str, tuple[str | None, int]]:
    """Class name -> (parent, exit code), as the docstring draws them."""
    assert errors.__doc__
    drawn: dict[str, tuple[str | None, int]] = {}
    path: list[str] = []
    for line in errors.__doc__.splitlines():
        match = re.match(r"    ([ |`-]*)(\w+)\s+(\d+)\s", line + " ")
        if match:
            depth = len(match[1]) // 4
            path[depth:] = [match[2]]
            drawn[match[2]] = (path[depth - 1] if depth else None, int(match[3]))
    return drawn


def test_the_drawn_tree_is_the_tree() -> None:
    assert {name: parent for name, (parent, _) in _drawn().items()} == {
        "SlothError": None,
        **_tree(errors.SlothError),
    }


def test_the_drawn_exit_codes_are_the_exit_codes() -> None:
    for name, (_, code) in _drawn().items():
        assert getattr(errors, name).exit_code == code, name
