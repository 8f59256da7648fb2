"""Filters on keys, applied to one run at a time.

All keys of a run begin with the same stem. The stem alone often decides that none or all keys of the run
pass; otherwise the rest of each key is checked.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol, assert_never

from sloth_tui.values.codec import key_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sloth_tui.model import Term

BETWEEN = b"\xff"
"""Separator of joined keys: a byte that UTF-8 never contains."""


class Test(Protocol):
    def of_all(self, stem: bytes, joined: bytes) -> bool | None:
        """Return True if all keys pass, False if none does; None if each key must be checked."""

    def of_each(self, stem: bytes, rests: list[bytes]) -> Iterable[object]:
        """Return one value per key, true if the key passes."""


def test_of(term: Term) -> Test:
    text = stored_form(term.text)
    test: Test
    match term.kind:
        case "prefix":
            test = _Begins(text)
        case "key":
            test = _Contains(text)
        case "fuzzy":
            test = _Scattered(term.text)
        case "value":
            raise AssertionError("a condition on values is no test of keys")
        case _:
            assert_never(term.kind)
    return _Fails(test) if term.inverse else test


def stored_form(text: str) -> bytes:
    """Return the bytes to search for; for text that no key can contain, a byte that no key contains."""
    stored = key_bytes(text)
    return BETWEEN if stored is None else stored


def ignores_case(text: str) -> bool:
    """Return True if a fuzzy term has no capitals. Only ASCII counts, because SQLite folds only ASCII."""
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
        # BETWEEN as the text means that no key can match, yet it stands between all keys.
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
        # A match that is not inside the stem can use only this much of its end.
        end = stem[max(len(stem) - len(text) + 1, 0) :]
        return [text in end + rest for rest in rests]


class _Scattered:
    """Characters in order, each at the first possible place. Skipped text is never examined again, so that no
    key makes this slow."""

    def __init__(self, text: str) -> None:
        folds = ignores_case(text)
        self._wanted = [_forms(stored_form(character), folds=folds) for character in text]
        self._patterns: dict[int, re.Pattern[bytes]] = {}
        """Number of characters found in the stem -> pattern for the others."""

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
        """Return how many of the characters the stem contains, in order."""
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
    """Return a character, and its capital if case is ignored."""
    return (stored, stored.upper()) if folds and len(stored) == 1 and stored.isalpha() else (stored,)


def _step(forms: tuple[bytes, ...]) -> bytes:
    """Return a pattern that advances to the next occurrence of a character, without backtracking."""
    if len(forms[0]) > 1:
        return b"(?>.*?" + re.escape(forms[0]) + b")"
    wanted = b"".join(map(re.escape, forms))
    return b"[^" + wanted + b"]*+[" + wanted + b"]"
