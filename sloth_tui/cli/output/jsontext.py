"""Values as JSON text, character for character what ``json.dumps(ensure_ascii=False)`` makes of them.

The standard encoder costs a command 10 ms before its first byte (``json`` imports ``re`` for its
decoder), which is most of what starting up may cost altogether.
"""

from __future__ import annotations

_STEP = "  "
_LONG = 1 << 16
_ESCAPES = {code: f"\\u{code:04x}" for code in range(0x20)}
_ESCAPES.update(
    {ord('"'): '\\"', ord("\\"): "\\\\", 8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r"},
)


def pretty(value: object, margin: str = "\n") -> str:
    """Over several lines, indented by two spaces. ``margin``: a line feed and the indentation so far."""
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
    """On one line, without spaces."""
    if isinstance(value, bytes):
        value = portable(value)
    if isinstance(value, dict):
        return "{" + ",".join([f"{string(key)}:{compact(item)}" for key, item in value.items()]) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join([compact(item) for item in value]) + "]"
    return _scalar(value)


def string(text: str) -> str:
    """A JSON string. Lone surrogates, which UTF-8 cannot say, become escapes."""
    if len(text) > _LONG:
        # Worth its import here: 30 times as fast.
        from json.encoder import encode_basestring

        quoted = encode_basestring(text)
    else:
        quoted = f'"{text.translate(_ESCAPES)}"'
    return quoted if quoted.isascii() else quoted.encode("utf-8", "backslashreplace").decode()


def portable(data: bytes) -> str | dict[str, str]:
    """Bytes as JSON can say them: text if they are UTF-8, else ``{"base64": "..."}``."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        import binascii

        return {"base64": binascii.b2a_base64(data, newline=False).decode()}


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
