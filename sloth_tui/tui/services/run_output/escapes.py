"""The escape sequences in the output of commands."""

from __future__ import annotations

import re

ESCAPE = re.compile(
    r"(?:\x1b\[(?P<codes>[0-9;:]*+)m)"
    r"|\x1b\[[0-?]*+[ -/]*+[@-~]"  # CSI
    r"|\x1b[\]PX^_][^\x07\x1b]*+(?:\x07|\x1b\\)"  # OSC, DCS, SOS, PM, APC
    r"|\x1b[ -/]*+[0-OQ-WYZ\\`-~]"  # the rest of ISO 2022; not what begins one of those above
)
"""A whole sequence. Its group ``codes`` has the codes of one that sets colours (SGR). What is unfinished or
malformed is none."""


def without_escapes(text: str) -> str:
    """Return a text without whole escape sequences; it may still hold control characters."""
    return ESCAPE.sub("", text) if "\x1b" in text else text
