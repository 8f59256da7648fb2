"""Print values as text: bare, for the clipboard, for an editor, as JSON.

``pretty`` and ``compact`` are character for character what ``json.dumps(ensure_ascii=False)`` makes, but for
lone surrogates. The standard encoder costs a command 10 ms before its first byte (``json`` imports ``re`` for
its decoder), which is most of what starting up may cost altogether.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from sloth_tui.model import Value

_STEP = "  "
_LONG = 1 << 16
_ABBREVIATED_CHARACTERS = 60
"""Characters of a value in the words of a run; the store has the rest."""
_ESCAPES = {code: f"\\u{code:04x}" for code in range(0x20)}
_ESCAPES.update(
    {ord('"'): '\\"', ord("\\"): "\\\\", 8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r"},
)


def bare(value: Value) -> str | bytes:
    """Return the value as ``state get`` prints it: text and bytes as they are, tables as compact JSON."""
    return value if isinstance(value, (str, bytes)) else compact(value)


def text_of(value: Value) -> str:
    """Return the value as ``state get`` prints it. Raises InvalidValue for bytes that are not UTF-8."""
    found = bare(value)
    try:
        return found if isinstance(found, str) else found.decode()
    except UnicodeDecodeError:
        from sloth_tui.errors import InvalidValue

        raise InvalidValue("the bytes are not UTF-8") from None


def as_printed(value: Value) -> str:
    """Return the value as ``state get`` prints it, bytes that are not UTF-8 as hexadecimal digits. For the
    clipboard: it may hold characters that act on a terminal."""
    found = bare(value)
    try:
        return found if isinstance(found, str) else found.decode()
    except UnicodeDecodeError:
        return found.hex(" ") if isinstance(found, bytes) else found


def as_object(values: Mapping[str, Value]) -> str:
    """Return one JSON object, as ``state list -o json`` prints it."""
    return pretty(values)


def one_line(value: Value | None, limit: int = 80) -> str:
    """Return the beginning of a value on one line, harmless; ``(none)`` for None."""
    from sloth_tui.text import display_text, format_size

    if value is None:
        return "(none)"
    if isinstance(value, bytes):
        return f"bytes, {format_size(len(value))}"
    import json

    text = value[: limit + 1] if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return display_text(text, limit)


def abbreviate(value: Value | None, *, cut: bool) -> str:
    """Return the beginning of a value as JSON, harmless. ``cut``: if it is text, then not all of it."""
    from sloth_tui.text import display_text

    text = display_text(compact(value))
    if len(text) <= _ABBREVIATED_CHARACTERS:
        return text + ("…" if cut and isinstance(value, str) else "")
    if cut:
        return f"{text[:_ABBREVIATED_CHARACTERS]}…"
    return f"{text[:_ABBREVIATED_CHARACTERS]}… +{len(text) - _ABBREVIATED_CHARACTERS} more chars"


def pretty(value: object, margin: str = "\n") -> str:
    """Return JSON over several lines, indented by two spaces. ``margin``: a line feed and the indentation so
    far."""
    if isinstance(value, bytes):
        value = portable(value)
    if isinstance(value, dict):
        inner = margin + _STEP
        fields = [f"{string(key)}: {pretty(item, inner)}" for key, item in value.items()]
        return "{" + inner + ("," + inner).join(fields) + margin + "}" if fields else "{}"
    if isinstance(value, (list, tuple)):
        inner = margin + _STEP
        items = [pretty(item, inner) for item in value]
        return "[" + inner + ("," + inner).join(items) + margin + "]" if items else "[]"
    return _scalar(value)


def compact(value: object) -> str:
    """Return JSON on one line, without spaces."""
    if isinstance(value, bytes):
        value = portable(value)
    if isinstance(value, dict):
        return "{" + ",".join([f"{string(key)}:{compact(item)}" for key, item in value.items()]) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join([compact(item) for item in value]) + "]"
    return _scalar(value)


def string(text: str) -> str:
    """Return a JSON string. Lone surrogates, which UTF-8 cannot encode, become escapes."""
    if len(text) > _LONG:
        # Worth its import here: 30 times as fast.
        from json.encoder import encode_basestring

        quoted = encode_basestring(text)
    else:
        quoted = f'"{text.translate(_ESCAPES)}"'
    return quoted if quoted.isascii() else quoted.encode("utf-8", "backslashreplace").decode()


def portable(data: bytes) -> str | dict[str, str]:
    """Return bytes as JSON can hold them: text if they are UTF-8, else ``{"base64": "..."}``."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        import binascii

        return {"base64": binascii.b2a_base64(data, newline=False).decode()}


def to_text(value: Value, form: str) -> str:
    """Return the text that the editor shows; no character of it can act on a terminal. ``form``: a type of
    value, or ``escaped`` for a string that has to be shown in JSON."""
    import json

    from sloth_tui.text import display_text

    if isinstance(value, bytes):
        return value.hex(" ")
    if form == "string":
        return str(value)
    text = json.dumps(value, ensure_ascii=False, indent=2 if form == "table" else None)
    return "".join(map(_escaped, text)) if display_text(text, lines=True) != text else text


def _escaped(character: str) -> str:
    """Return ``character`` as JSON may write it anywhere inside a string."""
    import json

    from sloth_tui.text import display_text

    if character == "\n" or display_text(character) == character:
        return character
    return json.dumps(character)[1:-1] if ord(character) != 0x7F else "\\u007f"


def _scalar(value: object) -> str:
    if isinstance(value, str):
        return string(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return float.__repr__(value)
    raise TypeError(f"no JSON for {type(value).__name__}")
