"""Read a plain command line without argparse, which alone would double the start-up time.

For anything else (help, errors, bundled short options, negative numbers) this reader returns None, and
argparse, which uses the same declarations, decides. Every result of this reader is that of argparse as well;
a test checks it.
"""

from __future__ import annotations

from sloth_tui.cli.parsing.spec import COMMAND, Arguments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sloth_tui.cli.parsing.spec import Command, Option, Positional


def read_plainly(command: Command, words: Sequence[str]) -> Arguments | None:
    """Return the arguments of one command, or None if argparse has to read them."""
    try:
        positionals = command.positionals
        if positionals and positionals[-1].count == COMMAND:
            own, theirs = _split(words)
            values, rest = _options(command, own)
            values[positionals[-1].name] = theirs
            positionals = positionals[:-1]
        else:
            values, rest = _options(command, words)
        _positionals(positionals, rest, values)
    except (_NotPlain, ValueError):
        return None
    return Arguments(values)


class _NotPlain(Exception):
    """The command line needs argparse."""


def _split(words: Sequence[str]) -> tuple[Sequence[str], list[str]]:
    """Return the words before ``--``, and those after it."""
    end = words.index("--") if "--" in words else len(words)
    theirs = list(words[end + 1 :])
    if not theirs:
        raise _NotPlain
    return words[:end], theirs


def _options(command: Command, words: Sequence[str]) -> tuple[dict[str, object], list[str]]:
    known = {flag: option for option in command.options for flag in option.flags}
    values: dict[str, object] = {
        option.name: [] if option.repeated else option.default for option in command.options
    }
    rest: list[str] = []
    missing = {option.name for option in command.options if option.required}
    remaining = iter(words)
    for word in remaining:
        if word == "--":
            rest.extend(remaining)
        elif not word.startswith("-") or word == "-":
            rest.append(word)
        else:
            option, value = _option(known, word, remaining)
            missing.discard(option.name)
            if option.repeated:
                collected = values[option.name]
                assert isinstance(collected, list)
                collected.append(value)
            else:
                values[option.name] = value
    if missing:
        raise _NotPlain
    return values, rest


def _option(known: dict[str, Option], word: str, remaining: Iterator[str]) -> tuple[Option, object]:
    flag, equals, text = word.partition("=")
    option = known.get(flag)
    if option is None or (equals and not flag.startswith("--")):
        raise _NotPlain
    if option.metavar is None:
        if equals:
            raise _NotPlain
        return option, True
    if not equals:
        text = next(remaining, "--")
        if text.startswith("-") and text != "-":
            raise _NotPlain
    if option.choices and text not in option.choices:
        raise _NotPlain
    return option, text if option.convert is None else option.convert(text)


def _positionals(declared: Sequence[Positional], words: list[str], values: dict[str, object]) -> None:
    for position, positional in enumerate(declared):
        convert = positional.convert or str
        if positional.count == "+":
            taken = words[position:]
            if not taken:
                raise _NotPlain
            values[positional.name] = [convert(word) for word in taken]
            return
        if position < len(words):
            values[positional.name] = convert(words[position])
        elif positional.count == "?":
            values[positional.name] = positional.default
        else:
            raise _NotPlain
    if len(words) > len(declared):
        raise _NotPlain
