"""What happens when the words of a command line name no command: help, the version, the TUI, a mistake."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from sloth_tui import __version__
from sloth_tui.cli import registry
from sloth_tui.cli.parser import PROGRAM, group_parser
from sloth_tui.errors import ExitCode, UsageError
from sloth_tui.text import narrate, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sloth_tui.cli.output import Output


def no_command(path: tuple[str, ...], rest: Sequence[str], out: Output) -> int:
    """Deal with ``rest`` after ``path``, which is a group or nothing. Raises UsageError."""
    words = _without_common_options(rest)
    if any(word in ("-h", "--help") for word in words[:1]):
        out.people(group_parser(path).format_help())
        return ExitCode.OK
    if not path and words[:1] == ["--version"]:
        out.people(f"{PROGRAM} {__version__}\n")
        return ExitCode.OK
    if words:
        raise _mistake(path, words[0])
    if not path and sys.stdin is not None and sys.stdin.isatty() and out.terminal:
        return _open_tui(rest, out)
    narrate(group_parser(path).format_help().rstrip("\n"))
    return ExitCode.USAGE


def _without_common_options(rest: Sequence[str]) -> list[str]:
    words = list(rest)
    while words:
        if words[0] in ("-a", "--agent") and len(words) > 1:
            del words[:2]
        elif words[0] == "--debug" or words[0].startswith("--agent="):
            del words[0]
        else:
            break
    return words


def _open_tui(rest: Sequence[str], out: Output) -> int:
    from sloth_tui.cli.parser import read

    command = registry.load(("tui",))
    arguments = read(command, rest, out)
    assert arguments is not None
    return command.handler(arguments, out)


def _mistake(path: tuple[str, ...], word: str) -> UsageError:
    prefix = " ".join((PROGRAM, *path))
    help_hint = f"see {prefix} --help"
    if word.startswith("-"):
        return UsageError(f"'{word}' is no option of {prefix}", hint=help_hint)
    near = nearest(word, registry.children(path), 1)
    if near:
        help_hint = f"did you mean '{prefix} {near[0]}'? {help_hint}"
    return UsageError(f"'{word}' is no command of {prefix}", hint=help_hint)
