"""The kinds of columns in rows for people, and how each shows its fields."""

from __future__ import annotations

from sloth_tui.text import display_pieces, display_text, format_age, format_duration, format_size, timestamp
from sloth_tui.values.render import bare

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

MAX_CHARACTERS = 4096
"""Characters of a text that are escaped for a terminal, which shows fewer of them."""


class Beginning(str):
    """The beginning of an escaped text, and the number of characters of data that are not in it."""

    more: int


class Column:
    """How a field is shown: by ``person`` on a terminal (given the time now), by ``script`` when piped.

    Both return escaped text of one line. On a narrow terminal an ``elastic`` column shrinks; of the others
    the last ones are left out first.
    """

    __slots__ = ("elastic", "person", "pieces", "right", "script", "title")

    def __init__(
        self,
        title: str,
        script: Callable[[Any], str],
        person: Callable[[Any, float], str] | None = None,
        *,
        pieces: Callable[[Any], Iterable[str]] | None = None,
        elastic: bool = False,
        right: bool = False,
    ) -> None:
        self.title = title
        self.script = script
        self.person = person or (lambda value, _now: script(value))
        self.pieces = pieces or (lambda value: (script(value),))
        """Return the text of ``script`` in pieces if it may be long."""
        self.elastic = elastic
        self.right = right


def text(title: str) -> Column:
    return data(title, lambda held: held)


def word(title: str) -> Column:
    return Column(title, display_text)


def value(title: str) -> Column:
    return data(title, bare)


def data(title: str, told: Callable[[Any], str | bytes]) -> Column:
    """A column that shows ``told(field)``, escaped. It may have any length."""
    return Column(
        title,
        lambda held: display_text(told(held)),
        lambda held, _now: beginning(told(held)),
        pieces=lambda held: display_pieces(told(held)),
        elastic=True,
    )


def beginning(found: str | bytes) -> str:
    """Return as much of a text as a row of a terminal can show, escaped."""
    shown = display_text(found[:MAX_CHARACTERS])
    if len(found) > MAX_CHARACTERS:
        shown = Beginning(shown)
        shown.more = len(found) - MAX_CHARACTERS
    return shown


def size(title: str) -> Column:
    return Column(
        title,
        lambda count: "" if count is None else str(count),
        lambda count, _now: "" if count is None else format_size(count),
        right=True,
    )


def number(title: str) -> Column:
    return Column(title, lambda held: "" if held is None else str(held), right=True)


def moment(title: str) -> Column:
    return Column(title, lambda at: timestamp(at) or "", format_age)


def span(title: str) -> Column:
    """A column of durations in seconds; None shows nothing."""
    return Column(
        title,
        lambda seconds: "" if seconds is None else f"{seconds:.3f}",
        lambda seconds, _now: "" if seconds is None else format_duration(seconds),
        right=True,
    )
