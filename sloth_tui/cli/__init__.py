"""The headless front end. It runs one command line: data to stdout, narration to stderr, an exit code.

``main`` does little for a plain command line: find the command, read its arguments, run it. Help, mistakes,
completion and failures are in modules that are imported when they happen.
"""

from __future__ import annotations

import gc
import os
import sys

from sloth_tui.cli import interrupt
from sloth_tui.cli.output.stdout import Output
from sloth_tui.cli.parsing import registry
from sloth_tui.cli.parsing.fast import read_plainly
from sloth_tui.errors import ExitCode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

_COLLECT_AFTER = (10_000, 2, 4)
"""Objects that are made before the collector looks for garbage among the newest, and how often it does so
before it looks among older ones. A plain command makes fewer, and all of them stay: with Python's own
(700, 10, 10) it would look ten times. All objects are looked through as often as with those."""


def program() -> NoReturn:
    """Run the command line of this process, and end the process with the exit code."""
    interrupt.watch()
    gc.set_threshold(*_COLLECT_AFTER)
    code = main()
    gc.freeze()  # what is left goes with the process: not worth a search for garbage, which Python makes
    sys.exit(code)


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code. Errors are one line on stderr, never an exception."""
    words = sys.argv[1:] if arguments is None else arguments
    if "_ARGCOMPLETE" in os.environ:
        from sloth_tui.cli.parsing.completion import complete

        return complete()
    out = Output()
    try:
        if sys.stdin is None or sys.stdout is None or sys.stderr is None:
            _open_closed_streams()
        code = _run(words, out)
        out.flush()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - nothing above could report it
        from sloth_tui.cli.output.diagnostics import report

        return report(error, out, words)
    return code


def _run(words: Sequence[str], out: Output) -> int:
    path, common, rest = _resolve(words)
    if not registry.is_command(path):
        from sloth_tui.cli.parsing import usage

        return usage.no_command(path, common, rest, out)
    command = registry.load(path)
    words = [*common, *rest]
    arguments = read_plainly(command, words)
    if arguments is None:
        from sloth_tui.cli.parsing.parser import read

        arguments = read(command, words, out)
        if arguments is None:
            return ExitCode.OK
    arguments.words = [*path, *words]
    return command.carry_out(arguments, out)


def _open_closed_streams() -> None:
    """Open the null device for each standard stream that was closed at the start of the program.

    Otherwise a pipe or file of ours would get its number, and output to stderr would go there.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)


def _resolve(words: Sequence[str]) -> tuple[tuple[str, ...], list[str], Sequence[str]]:
    """Return the path of the command, as far as it is one; common options before it; and the other words."""
    path: tuple[str, ...] = ()
    common: list[str] = []
    at = 0
    while at < len(words) and (below := registry.children(path)):
        word = words[at]
        if word in below:
            path = (*path, word)
            at += 1
        elif registry.is_command(path):
            break
        elif taken := _common(word):
            common.extend(words[at : at + taken])
            at += taken
        else:
            break
    return path, common, words[at:]


def _common(word: str) -> int:
    """Return the number of words that a common option takes; 0 if the word is not a common option."""
    if word in ("-a", "--agent", "--store"):
        return 2
    return int(word == "--debug" or word.startswith(("--agent=", "--store=")))
