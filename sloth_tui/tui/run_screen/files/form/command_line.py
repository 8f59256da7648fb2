"""The command line that a form amounts to: to be shown, and to be pasted into a shell.

Shown, secrets are masked. Copied, a secret that was typed is a variable of the shell, which refuses to begin
while it is not set: a command line ends up in the history of a shell.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import SlothError
from sloth_tui.masking import MASK
from sloth_tui.text import format_size
from sloth_tui.tui.external.command_lines import MAX_LINE_BYTES, quote
from sloth_tui.tui.run_screen.files.form.fields import Assignment, is_secret

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sloth_tui.tui.services.task_files import RunForm

_FLAGS = (("--set", "sets"), ("--set-string", "texts"), ("--set-json", "documents"))


class CommandLine(NamedTuple):
    """A command line as text."""

    text: str
    variables: tuple[str, ...] = ()
    """Variables of the shell that stand for secrets."""


class Target(NamedTuple):
    """Where a run acts."""

    agent: str
    store: str | None
    """The address of a store elsewhere."""


def shown_line(form: RunForm, target: Target, mode: tuple[str, ...], secret_words: Iterable[str]) -> str:
    """Return the command line with masked secrets; ``mode``: further options, such as ``--check``."""
    words = tuple(secret_words)

    def draw(one: Assignment) -> str:
        hidden = holds_secret_value(one, words)
        return quote(f"{one.name}=") + MASK if hidden else quote(one.text)

    return " ".join(_words(form, target, mode, draw))


def copied_line(
    form: RunForm, target: Target, mode: tuple[str, ...], secret_words: Iterable[str]
) -> CommandLine:
    """Return the command line that does the same in a shell. Raises SlothError if it is too long."""
    words = tuple(secret_words)
    variables: list[str] = []

    def draw(one: Assignment) -> str:
        if not holds_secret_value(one, words):
            return quote(one.text)
        variables.append(_variable(one.name, variables))
        return quote(f"{one.name}=") + f'"${{{variables[-1]}:?}}"'

    text = " ".join(_words(form, target, mode, draw))
    if len(text.encode("utf-8", "surrogateescape")) > MAX_LINE_BYTES:
        raise SlothError(
            "too long for a command line",
            hint=f"that takes up to {format_size(MAX_LINE_BYTES)}: use a values file",
        )
    return CommandLine(text, tuple(variables))


def assignments(form: RunForm) -> list[Assignment]:
    """Return what a form sets, in the order in which it counts."""
    return [Assignment(flag, text) for flag, name in _FLAGS for text in getattr(form, name)]


def holds_secret_value(one: Assignment, words: tuple[str, ...]) -> bool:
    """True if an option sets what looks like a secret by its name, or by one inside of it."""
    value: object = one.value
    if one.flag == "--set-json":
        from sloth_tui.tui.services.task_files import parse_yaml

        try:
            value = parse_yaml(one.value)
        except ValueError:
            value = None
    return is_secret(one.name, value, words)


def _words(form: RunForm, target: Target, mode: tuple[str, ...], draw: object) -> list[str]:
    """Return the words, quoted."""
    assert callable(draw)
    words = ["sloth-runner", "run"]
    words += [quote(form.file)] if form.example is None else ["--example", quote(form.example)]
    words += ["--agent", quote(target.agent)]
    if target.store is not None:
        words += ["--store", quote(target.store)]
    options: list[tuple[str, str | None]] = [("--values", form.values_file), ("--workflow", form.workflow)]
    options += [("--task", task) for task in form.tasks]
    for flag, given in options:
        if given is not None:
            words += _option(flag, quote(given), dashed=given.startswith("-"))
    for one in assignments(form):
        words += _option(one.flag, draw(one), dashed=one.text.startswith("-"))
    numbers = (("--timeout", form.timeout), ("--grace", form.grace), ("--forks", form.forks))
    for flag, number in numbers:
        if number is not None:
            words += [flag, f"{number:g}" if float(f"{number:g}") == number else repr(number)]
    words += [flag for flag, on in (("--keep-going", form.keep_going), ("--force", form.force)) if on]
    return [*words, *mode]


def _option(flag: str, word: str, *, dashed: bool) -> list[str]:
    """Return an option and its value as words; one that begins with a dash has to be part of it."""
    return [f"{flag}={word}"] if dashed else [flag, word]


def _variable(name: str, taken: list[str]) -> str:
    """Return the name of a variable for a value: ``DB_PASSWORD`` for ``db.password``."""
    plain = re.sub(r"[^A-Z0-9_]", "_", name.upper()) or "_"
    plain = f"_{plain}" if plain[0].isdigit() else plain
    found, number = plain, 2
    while found in taken:
        found, number = f"{plain}_{number}", number + 1
    return found
