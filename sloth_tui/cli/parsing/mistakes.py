"""Describe words that are not a command, and guess what was meant."""

from __future__ import annotations

from sloth_tui.cli.parsing import registry
from sloth_tui.cli.parsing.spec import PROGRAM
from sloth_tui.errors import UsageError
from sloth_tui.text import nearest


def not_a_command(path: tuple[str, ...], word: str) -> UsageError:
    """Return the error for a word that is neither a command nor an option below ``path``."""
    prefix = " ".join((PROGRAM, *path))
    help_hint = f"see {prefix} --help"
    if word.startswith("-"):
        return UsageError(f"'{word}' is not an option of {prefix}", hint=help_hint)
    near = nearest(word, registry.children(path), 1)
    if near:
        help_hint = f"did you mean '{prefix} {near[0]}'? {help_hint}"
    return UsageError(f"'{word}' is not a command of {prefix}", hint=help_hint)
