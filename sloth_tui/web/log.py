"""Lines of the log: what the front does, and whom it refuses. No token, key or value is in any of them."""

from __future__ import annotations

import sys
import time
from contextlib import suppress

_STRANGE = 80
"""Characters of what a stranger sent."""


def write(words: str) -> None:
    """Write a line to stderr, which may be closed."""
    with suppress(OSError, ValueError):
        sys.stderr.write(f"{time.strftime('%H:%M:%S')} {words}\n")
        sys.stderr.flush()


def harmless(text: str) -> str:
    """Return what a stranger sent, in ASCII and not long."""
    return ascii(text)[1:-1][:_STRANGE]
