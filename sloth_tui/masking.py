"""Which keys hold, by their names, what should not be told where nobody asked for it.

The screen masks the values of such keys, and a run's story and error messages leave them out. Keys that were
declared secret (``state set --secret``, ``history.secret``) the store knows.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def holds_secret(key: str, words: Iterable[str]) -> bool:
    """Whether a segment of ``key`` (they are divided by ``:`` and ``/``) contains one of ``words``, in
    upper or lower case, with ``-`` for ``_`` or not."""
    segments = key.lower().replace("-", "_").replace("/", ":").split(":")
    wanted = [word.lower().replace("-", "_") for word in words]
    return any(word in segment for segment in segments for word in wanted)
