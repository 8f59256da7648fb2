"""Tests that keys pass or fail, a run of them at a time.

All keys of a run begin with the same stem, which says of many runs at once that none of their keys, or all of
them, pass. Otherwise the rests are looked at one by one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from sloth_tui.store.sqlite.rows.key_index import BETWEEN
from sloth_tui.store.sqlite.sql.keys import key_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sloth_tui.model import Term


class Test(Protocol):
    def of_all(self, stem: bytes, joined: bytes) -> bool | None:
        """Whether all keys pass, or none does; None: it has to be looked at each."""

    def of_each(self, stem: bytes, rests: list[bytes]) -> Iterable[object]:
        """For every key something true if it passes."""


def test_of(term: Term) -> Test:
    text = stored_form(term.text)
    test: Test
    if term.kind == "prefix":
        test = _Begins(text)
    elif term.kind == "key":
        test = _Contains(text)
    else:
        test = _Scattered(term.text)
    return _Fails(test) if term.inverse else test


def stored_form(text: str) -> bytes:
    """What to look for; for text that can be in no key a byte that is in none."""
    stored = key_bytes(text)
    return BETWEEN if stored is None else stored


def ignores_case(text: str) -> bool:
    """Whether a fuzzy term was typed without capitals: of ASCII, as SQLite folds it."""
    return not any("A" <= character <= "Z" for character in text)


class _Begins:
    def __init__(self, text: bytes) -> None:
        self._text = text

    def of_all(self, stem: bytes, joined: bytes) -> bool | None:
        if stem.startswith(self._text):
            return True
        return None if self._text.startswith(stem) else False

    def of_each(self, stem: bytes, rests: list[bytes]) -> Iterable[object]:
        text = self._text[len(stem) :]
        return [rest.startswith(text) for rest in rests]


class _Contains:
    def __init__(self, text: bytes) -> None:
        self._text = text

    def of_all(self, stem: bytes, joined: bytes) -> bool | None:
        text = self._text
        if text in stem:
            return True
        # BETWEEN stands for text that no key can have, and is between all of them.
        if text == BETWEEN:
            return False
        if text in joined or any(
            stem.endswith(text[:cut]) and (joined.startswith(text[cut:]) or BETWEEN + text[cut:] in joined)
            for cut in range(1, len(text))
        ):
            return None
        return False

    def of_each(self, stem: bytes, rests: list[bytes]) -> Iterable[object]:
        text = self._text
        # Only so much of the stem can be part of a match that does not lie within it.
        end = stem[max(len(stem) - len(text) + 1, 0) :]
        return [text in end + rest for rest in rests]


class _Scattered:
    """Characters in their order, each at the first place it can be: what was passed over is never looked at
    again, so that no key makes this slow."""

    def __init__(self, text: str) -> None:
        folds = ignores_case(text)
        self._wanted = [_forms(stored_form(character), folds=folds) for character in text]
        self._patterns: dict[int, re.Pattern[bytes]] = {}
        """Where this many characters are found in the stem: what finds the others."""

    def of_all(self, stem: bytes, joined: bytes) -> bool | None:
        found = self._found(stem)
        if found == len(self._wanted):
            return True
        for forms in self._wanted[found:]:
            if BETWEEN in forms or not any(form in joined for form in forms):
                return False
        return None

    def of_each(self, stem: bytes, rests: list[bytes]) -> Iterable[object]:
        found = self._found(stem)
        pattern = self._patterns.get(found)
        if pattern is None:
            steps = b"".join(map(_step, self._wanted[found:]))
            pattern = self._patterns[found] = re.compile(steps, re.DOTALL)
        return map(pattern.match, rests)

    def _found(self, stem: bytes) -> int:
        """How many of the characters are in the stem."""
        seen = 0
        for number, forms in enumerate(self._wanted):
            ends = [place + len(form) for form in forms if (place := stem.find(form, seen)) >= 0]
            if not ends:
                return number
            seen = min(ends)
        return len(self._wanted)


class _Fails:
    def __init__(self, test: Test) -> None:
        self._test = test

    def of_all(self, stem: bytes, joined: bytes) -> bool | None:
        verdict = self._test.of_all(stem, joined)
        return None if verdict is None else not verdict

    def of_each(self, stem: bytes, rests: list[bytes]) -> Iterable[object]:
        return [not passed for passed in self._test.of_each(stem, rests)]


def _forms(stored: bytes, *, folds: bool) -> tuple[bytes, ...]:
    """A character, and its capital where that is as good."""
    return (stored, stored.upper()) if folds and len(stored) == 1 and stored.isalpha() else (stored,)


def _step(forms: tuple[bytes, ...]) -> bytes:
    """A pattern that goes on to the first place of a character, and never back."""
    if len(forms[0]) > 1:
        return b"(?>.*?" + re.escape(forms[0]) + b")"
    wanted = b"".join(map(re.escape, forms))
    return b"[^" + wanted + b"]*+[" + wanted + b"]"
