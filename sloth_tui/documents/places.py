"""Tell positions in a text as people count them."""

from __future__ import annotations


def place(text: str, offset: int) -> str:
    """Return ``line L, column C`` for an offset, both from 1, columns in characters."""
    return f"line {text.count(chr(10), 0, offset) + 1}, column {offset - text.rfind(chr(10), 0, offset)}"


def occurs_twice(name: str, first: str, second: str) -> str:
    """Return the message for a key that a mapping has twice."""
    from sloth_tui.documents.check import shortened

    return f"{second}: key '{shortened(name)}' occurs twice, first at {first}"
