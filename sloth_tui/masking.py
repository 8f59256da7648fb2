"""Keys whose names say that they hold a secret.

The screen masks the values of such keys, and the events and error messages of a run leave them out. The store
knows the keys that were declared secret (``state set --secret``, ``history.secret``).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


MASK = "••••••••"
"""Drawn in place of a value on a screen; its length says nothing about the value's."""


def holds_secret(key: str, words: Iterable[str]) -> bool:
    """Return True if a segment of ``key`` contains one of ``words``. Segments are divided by ``:`` and ``/``;
    case is ignored, and ``-`` equals ``_``."""
    segments = key.lower().replace("-", "_").replace("/", ":").split(":")
    wanted = [word.lower().replace("-", "_") for word in words]
    return any(word in segment for segment in segments for word in wanted)
