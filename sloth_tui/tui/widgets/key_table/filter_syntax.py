"""The syntax of the filter: text to query, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.model import Query, Term

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.model import TermKind

_KINDS: dict[str, TermKind] = {"^": "prefix", "=": "value", "~": "fuzzy"}
_SIGNS: dict[TermKind, str] = {kind: sign for sign, kind in _KINDS.items()} | {"key": ""}
_NOT = "!"
_SPECIAL = " \\" + _NOT + "".join(_KINDS)


def parse_filter(text: str) -> Query:
    """Return the query of a filter text.

    Terms are separated by spaces, and all must match: ``text`` in the key, ``^text`` at its beginning,
    ``~text`` as characters in this order, ``=text`` in the value. ``!`` negates a term. A backslash before a
    space, a sign or a backslash makes it part of the text. Terms are literal and case-sensitive, except fuzzy
    ones without capitals.
    """
    first: dict[TermKind, str] = {"prefix": "", "key": "", "value": ""}
    also = []
    for kind, words, inverse in _terms(text):
        if inverse or kind == "fuzzy" or first[kind]:
            also.append(Term(kind, words, inverse))
        else:
            first[kind] = words
    return Query(first["prefix"], first["key"], first["value"], also=tuple(also))


def format_filter(query: Query) -> str:
    """Return the filter text of ``query``."""
    first = (Term("prefix", query.prefix), Term("key", query.key), Term("value", query.value))
    return " ".join(_typed(term) for term in (*first, *query.also) if term.text)


def lets_all_through(query: Query) -> bool:
    return not (query.prefix or query.key or query.value or query.also)


def _terms(text: str) -> Iterator[tuple[TermKind, str, bool]]:
    for word in _words(text):
        inverse = word[:1] == [_NOT]
        rest = word[inverse:]
        kind = _KINDS.get(rest[0], "key") if rest else "key"
        words = "".join(character[-1] for character in rest[kind != "key" :])
        if words:
            yield kind, words, inverse


def _words(text: str) -> Iterator[list[str]]:
    """Yield the characters of each word; escaped ones keep their backslash."""
    word: list[str] = []
    escaped = False
    for place, character in enumerate(text):
        if escaped:
            word.append("\\" + character)
            escaped = False
        elif character == "\\" and text[place + 1 : place + 2] in _SPECIAL and place + 1 < len(text):
            escaped = True
        elif character == " ":
            yield word
            word = []
        else:
            word.append(character)
    yield word


def _typed(term: Term) -> str:
    text = term.text.replace("\\", "\\\\").replace(" ", "\\ ")
    if text[0] == _NOT or text[0] in _KINDS:
        text = "\\" + text
    return _NOT * term.inverse + _SIGNS[term.kind] + text
