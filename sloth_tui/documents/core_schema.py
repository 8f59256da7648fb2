"""Resolve plain YAML scalars by the core schema of YAML 1.2.

One exception: digits with a leading zero are text, because they are phone numbers, permissions and hashes.
"""

from __future__ import annotations

import re

from sloth_tui.documents.check import BEYOND_64_BITS

_WORDS: dict[str, object] = {
    **dict.fromkeys(("~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]")
_DECIMAL = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_MOST_DIGITS = 64
"""Longer numbers exceed 64 bits and are not converted: ``int`` would refuse them with its own message."""


def resolve(text: str) -> object:
    """Return None, a boolean, an integer of any size, a float, finite or not, or else the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    if _LEADING_ZERO.match(text):
        return text
    for pattern, base in ((_DECIMAL, 10), (_OCTAL, 8), (_HEXADECIMAL, 16)):
        if pattern.fullmatch(text):
            return int(text, base) if len(text) <= _MOST_DIGITS else BEYOND_64_BITS
    if _FLOAT.fullmatch(text):
        return float(text)
    if _NOT_FINITE.fullmatch(text):
        return float(text.lower().replace(".", ""))
    return text
