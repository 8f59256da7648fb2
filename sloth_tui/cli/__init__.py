"""The headless front end: one command line in, data on stdout, narration on stderr, an exit code.

``main`` takes the shortest way for a plain command line: find the command, read its arguments, run
it. Help, mistakes, completion and failures have modules of their own, loaded when they happen.
"""

from __future__ import annotations

import os
import sys

from sloth_tui.cli import registry
from sloth_tui.cli.output import Output
from sloth_tui.cli.reader import read_plainly

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit code. Errors are one line on stderr, never an exception."""
    words = sys.argv[1:] if arguments is None else arguments
    if "_ARGCOMPLETE" in os.environ:
        from sloth_tui.cli.completion import complete

        return complete()
    out = Output()
    try:
        code = _run(words, out)
        out.flush()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - nothing above could report it
        from sloth_tui.cli.failure import report

        return report(error, out, words)
    return code


def _run(words: Sequence[str], out: Output) -> int:
    path, rest = _resolve(words)
    if not registry.is_command(path):
        from sloth_tui.cli import usage

        return usage.no_command(path, rest, out)
    command = registry.load(path)
    arguments = read_plainly(command, rest)
    if arguments is None:
        from sloth_tui.cli.parser import read

        arguments = read(command, rest, out)
        if arguments is None:
            return 0
    return command.handler(arguments, out)


def _resolve(words: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """The path of the command, as far as it can be told, and the words that are left.

    ``--agent`` and ``--debug`` may stand anywhere; before the command they count as its own.
    """
    path: tuple[str, ...] = ()
    before: list[str] = []
    at = 0
    while at < len(words) and not registry.is_command(path):
        word = words[at]
        taken = 1
        if word in ("-a", "--agent") and at + 1 < len(words):
            taken = 2
        elif word != "--debug" and not word.startswith("--agent="):
            if word not in registry.children(path):
                break
            path, taken = (*path, word), 0
            at += 1
        before.extend(words[at : at + taken])
        at += taken
    return path, [*before, *words[at:]]
