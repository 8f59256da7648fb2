"""Values that a store must give back as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sloth_tui.model import Value

BIGGEST, SMALLEST = 2**63 - 1, -(2**63)

VALUES: list[Value] = [
    "",
    "text",
    "5",
    "true",
    "line\nfeed\ttab \x1b[31m \0 nul",
    "日本 🦥 \u202e",
    0,
    -1,
    BIGGEST,
    SMALLEST,
    0.0,
    -0.0,
    -0.5,
    1e300,
    5e-324,
    True,
    False,
    b"",
    b"\xff\x00\xfe",
    b"text",
    {},
    [],
    {"b": 1, "a": [1, 1.0, True, None, "é\0", {"": {}}]},
    [[], {}, BIGGEST],
]


def identical(one: object, other: object) -> bool:
    """Equal in type as well, all the way down."""
    return repr(one) == repr(other)
