"""Handle command lines without a command: help, the version, the terminal UI, or a mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui import __version__
from sloth_tui.cli.output.diagnostics import narrate
from sloth_tui.cli.output.terminal import at_terminal, unfit_terminal
from sloth_tui.cli.parsing import registry
from sloth_tui.cli.parsing.parser import group_parser, not_a_command
from sloth_tui.cli.parsing.spec import PROGRAM
from sloth_tui.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sloth_tui.cli.output.stdout import Output


def no_command(path: tuple[str, ...], common: Sequence[str], words: Sequence[str], out: Output) -> int:
    """Handle what follows ``path``, which is a group or empty; return the exit code. Raises UsageError."""
    if words and words[0] in ("-h", "--help"):
        out.people(group_parser(path).format_help())
        return ExitCode.OK
    if words and words[0] == "--version" and not path:
        out.people(f"{PROGRAM} {__version__}\n")
        return ExitCode.OK
    if words and (path or not _is_option_of_tui(words[0])):
        raise not_a_command(path, words[0])
    if not path and at_terminal():
        return _open_tui([*common, *words], out)
    narrate(group_parser(path).format_help().rstrip("\n"))
    return ExitCode.USAGE


def _is_option_of_tui(word: str) -> bool:
    """True if ``word`` begins with an option of ``tui``, the command of a line without a command."""
    flag = word.partition("=")[0]
    return any(
        flag == known or (option.metavar is not None and len(known) == 2 and word.startswith(known))
        for option in registry.load(("tui",)).options
        for known in option.flags
    )


def _open_tui(words: Sequence[str], out: Output) -> int:
    from sloth_tui.cli.parsing.parser import read

    obstacle = unfit_terminal()
    if obstacle is not None:
        narrate(group_parser(()).format_usage().rstrip("\n"))
        raise obstacle
    command = registry.load(("tui",))
    arguments = read(command, words, out)
    return ExitCode.OK if arguments is None else command.carry_out(arguments, out)
