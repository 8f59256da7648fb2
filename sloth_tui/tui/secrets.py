"""Which keys hold what should not stand on a screen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MASK = "••••••••"
"""Drawn in place of a value; its length says nothing about the value's."""

_SEGMENTS = re.compile(r"[:/]")


def holds_secret(key: str, words: Iterable[str]) -> bool:
    """Whether a segment of ``key`` (they are divided by ``:`` and ``/``) contains one of ``words``, in
    upper or lower case, with ``-`` for ``_`` or not."""
    segments = _SEGMENTS.split(key.lower().replace("-", "_"))
    wanted = [word.lower().replace("-", "_") for word in words]
    return any(word in segment for segment in segments for word in wanted)
