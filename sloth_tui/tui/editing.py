"""Values as text that can be edited safely, and back."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from sloth_tui.documents import json_text
from sloth_tui.errors import InvalidValue
from sloth_tui.text import display_text

if TYPE_CHECKING:
    from sloth_tui.model import Value

EDITABLE_SIZE = 256 * 1024
"""Bytes of a value beyond which it is not put in an editor."""

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
    """The form a value of type ``kind`` is edited in."""
    if isinstance(value, str) and display_text(value, lines=True) != value:
        return "escaped"
    return "string" if isinstance(value, str) else kind


def typable(pasted: str, *, lines: bool) -> tuple[str, int]:
    """``pasted`` as an input may hold it, and how many characters that leaves out: those that cannot be shown
    as they are.

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


def to_text(value: Value, form: str) -> str:
    """What the editor shows. No character of it can act on a terminal."""
    if isinstance(value, bytes):
        return value.hex(" ")
    if form == "string":
        return str(value)
    text = json.dumps(value, ensure_ascii=False, indent=2 if form == "table" else None)
    return "".join(map(_escaped, text)) if display_text(text, lines=True) != text else text


def _escaped(character: str) -> str:
    """``character`` as JSON may write it anywhere inside a string."""
    if character == "\n" or display_text(character) == character:
        return character
    return json.dumps(character)[1:-1] if ord(character) != 0x7F else "\\u007f"


def from_text(text: str, form: str) -> Value:
    """The value that was typed. Raises InvalidValue saying what is wrong with it and where."""
    if form == "string":
        return text
    if form == "bytes":
        try:
            return bytes.fromhex(text)
        except ValueError as error:
            raise InvalidValue(f"no hexadecimal digits: {error}") from None
    if form == "boolean":
        if text.strip() not in ("true", "false"):
            raise InvalidValue("neither true nor false")
        return text.strip() == "true"
    if form == "integer":
        return _integer(text.strip())
    if form == "float":
        return _float(text.strip())
    return _document(text, form)


def _integer(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise InvalidValue("no whole number") from None
    if not -(2**63) <= number < 2**63:
        raise InvalidValue("does not fit 64 bits")
    return number


def _float(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise InvalidValue("no number") from None
    if not math.isfinite(number):
        raise InvalidValue("a number must be finite")
    return number


def _document(text: str, form: str) -> Value:
    try:
        value = json_text.parse(text)
    except ValueError as error:
        raise InvalidValue(str(error)) from None
    if form == "escaped" and not isinstance(value, str):
        raise InvalidValue("must be one string in quotes")
    if form == "table" and not isinstance(value, dict | list):
        raise InvalidValue("must be an object or a list")
    return value  # type: ignore[return-value]  # null has been refused with the rest
