"""Edit values as text: its forms, and the text an input accepts from a paste."""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING

from sloth_tui.errors import InvalidValue
from sloth_tui.text import display_text, format_left
from sloth_tui.values.parse import duration

if TYPE_CHECKING:
    from sloth_tui.model import Entry, Value

EDITABLE_SIZE = 256 * 1024
"""Bytes of the largest value that is edited in the dialog."""

FORMS = {
    "string": "text as it is",
    "escaped": 'text with characters that cannot be shown, as JSON: "\\u001b"',
    "integer": "a whole number of 64 bits",
    "float": "a number",
    "boolean": "true or false",
    "table": "JSON, an object or a list",
    "bytes": "hexadecimal digits",
}
"""What an editor holds: form -> how to write it. A form is the type of the value, or ``escaped``."""


def form_of(value: Value, kind: str) -> str:
    """Return the form in which a value of type ``kind`` is edited."""
    if isinstance(value, str) and display_text(value, lines=True) != value:
        return "escaped"
    return "string" if isinstance(value, str) else kind


def limit_text(entry: Entry | None) -> str:
    """Return how long an entry has to live, as it is edited; empty if it stays."""
    return "" if entry is None or entry.expires_at is None else format_left(entry.expires_at, time())


def limit_of(text: str) -> float:
    """Return the seconds in such a text; 0 if it is empty. Raises InvalidValue."""
    if not text.strip():
        return 0.0
    try:
        seconds = duration(text)
    except ValueError as error:
        raise InvalidValue(str(error)) from None
    if not seconds:
        raise InvalidValue("a time to live is more than 0 seconds; without one the entry stays")
    return seconds


def keep_typable(pasted: str, *, lines: bool) -> tuple[str, int]:
    """Return ``pasted`` as an input may hold it, and how many characters that leaves out: those that cannot
    be shown as they are.

    CR LF, CR (what tmux sends) and LF end a line. In a text of ``lines`` they are line feeds, and tabs stay;
    in a field of one line both are blanks between words.
    """
    text = pasted.replace("\r\n", "\n").replace("\r", "\n")
    if not lines:
        text = " ".join(filter(None, text.split("\n"))).replace("\t", " ")
    kept = "".join(
        character
        for character in text
        if character in "\n\t" or display_text(character, lines=True) == character
    )
    return kept, len(text) - len(kept)
