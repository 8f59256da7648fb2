"""The kinds of columns rows for people have, and how a field of each is shown."""

from __future__ import annotations

from sloth_tui.cli.output.render import bare, timestamp
from sloth_tui.text import display_pieces, display_text, format_age, format_duration, format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

LOOKED_AT = 4096
"""Characters of a text that are made ready for a terminal, which shows less of it."""


class Beginning(str):
    """The beginning of a harmless text, and how many characters of data are not in it."""

    more: int


class Column:
    """How one field of the rows is shown: ``person`` on a terminal (given the time now), ``script`` piped.

    Both return text that is harmless and stays on its line. An ``elastic`` column gives way when the
    terminal is narrow; of the others the last ones are left out first.
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
        """What ``script`` returns, in pieces where it may be long."""
        self.elastic = elastic
        self.right = right


def text(title: str) -> Column:
    return data(title, lambda held: held)


def word(title: str) -> Column:
    return Column(title, display_text)


def value(title: str) -> Column:
    return data(title, bare)


def data(title: str, told: Callable[[Any], str | bytes]) -> Column:
    """A column of what ``told`` makes of a field, which may be of any length and is made harmless."""
    return Column(
        title,
        lambda held: display_text(told(held)),
        lambda held, _now: beginning(told(held)),
        pieces=lambda held: display_pieces(told(held)),
        elastic=True,
    )


def beginning(found: str | bytes) -> str:
    """As much of it, harmless, as any row of a terminal may show."""
    shown = display_text(found[:LOOKED_AT])
    if len(found) > LOOKED_AT:
        shown = Beginning(shown)
        shown.more = len(found) - LOOKED_AT
    return shown


def size(title: str) -> Column:
    return Column(title, str, lambda count, _now: format_size(count), right=True)


def number(title: str) -> Column:
    return Column(title, lambda held: "" if held is None else str(held), right=True)


def moment(title: str) -> Column:
    return Column(title, lambda at: timestamp(at) or "", format_age)


def span(title: str) -> Column:
    """Seconds; None where there was no time to take."""
    return Column(
        title,
        lambda seconds: "" if seconds is None else f"{seconds:.3f}",
        lambda seconds, _now: "" if seconds is None else format_duration(seconds),
        right=True,
    )
