"""A command line as text, without secrets."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@%+=:,./-_")
_ASSIGNING = ("--set", "--set-string", "--set-json")
MASK = "•••"
"""In place of a secret."""


def quoted(words: Sequence[str]) -> str:
    """Return the words as a POSIX shell reads them."""
    return " ".join(map(_quoted, words))


def masked(words: Sequence[str], is_secret: Callable[[str], bool]) -> list[str]:
    """Return the words of ``run``, with a mask for the value of each ``--set`` whose name holds a secret.
    ``is_secret`` is asked for names with ``:`` between their parts."""
    shown: list[str] = []
    previous = ""
    for word in words:
        flag, equals, assignment = word.partition("=")
        if equals and flag in _ASSIGNING:
            shown.append(f"{flag}={_masked(assignment, is_secret)}")
        else:
            shown.append(_masked(word, is_secret) if previous in _ASSIGNING else word)
        previous = word
    return shown


def _masked(assignment: str, is_secret: Callable[[str], bool]) -> str:
    name, equals, text = assignment.partition("=")
    if not equals or not (is_secret(name.replace(".", ":")) or _names_a_secret(text, is_secret)):
        return assignment
    return f"{name}={MASK}"


def _names_a_secret(text: str, is_secret: Callable[[str], bool]) -> bool:
    """True if the text looks like a JSON table with such a name in it."""
    return "{" in text and any(is_secret(part) for part in text.split('"'))


def _quoted(word: str) -> str:
    if word and _PLAIN.issuperset(word):
        return word
    return "'" + word.replace("'", "'\"'\"'") + "'"
