"""What a person looks for in the output: a text, or a regular expression."""

from __future__ import annotations

import re
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_LIMIT_SECONDS = 0.3
"""Processor time for a part of the output, after which an expression is given up: some never end."""
_MAX_SPANS = 1000
"""Places of one line that are marked."""


class TooSlow(Exception):
    """The regular expression takes too long."""


class Wanted:
    """A text to look for. Without capitals it matches both cases."""

    def __init__(self, text: str, *, regex: bool = False, inverse: bool = False) -> None:
        """``inverse``: lines without it are wanted. Raises ValueError, with the reason, for an expression
        that is none."""
        self.text = text
        self.regex = regex
        self.inverse = inverse
        flags = 0 if any(character.isupper() for character in text) else re.IGNORECASE
        try:
            self._pattern = re.compile(text if regex else re.escape(text), flags)
        except (re.error, RecursionError, OverflowError) as error:
            raise ValueError(f"no regular expression: {error}") from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Wanted) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    @property
    def _identity(self) -> tuple[str, bool, bool]:
        return self.text, self.regex, self.inverse

    def passes(self, line: str) -> bool:
        """Return True if the line is wanted."""
        return self.finds(line) != self.inverse

    def finds(self, line: str) -> bool:
        """Return True if the text is in the line."""
        return self._pattern.search(line) is not None

    def spans(self, line: str) -> list[tuple[int, int]]:
        """Return where it is found in a line, (start, end) of each place."""
        found: list[tuple[int, int]] = []
        for match in self._pattern.finditer(line):
            if match.end() > match.start():
                found.append(match.span())
            if len(found) == _MAX_SPANS:
                break
        return found

    @contextmanager
    def limit(self) -> Iterator[None]:
        """Return a context to look for it in; raises TooSlow if that takes too long."""
        if not self.regex or threading.current_thread() is not threading.main_thread():
            yield
            return
        # The engine of expressions lets signals in now and then; nothing else could end it.
        signal.signal(signal.SIGVTALRM, _give_up)
        try:
            signal.setitimer(signal.ITIMER_VIRTUAL, _LIMIT_SECONDS)
            yield
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def _give_up(_number: int, _frame: FrameType | None) -> None:
    raise TooSlow
