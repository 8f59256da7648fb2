"""The keys that hold secrets, as a handle knows them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re


class Secrets:
    """What is marked, as of one generation."""

    __slots__ = ("_compiled", "generation", "keys", "patterns")

    def __init__(self, generation: int, keys: frozenset[bytes], patterns: tuple[str, ...]) -> None:
        self.generation = generation
        self.keys = keys
        self.patterns = patterns
        self._compiled: list[re.Pattern[str]] | None = None

    def include(self, key: bytes) -> bool:
        if key in self.keys:
            return True
        if not self.patterns:
            return False
        if self._compiled is None:
            from sloth_tui.store.history.patterns import compiled

            self._compiled = [found for found in map(compiled, self.patterns) if found is not None]
        text = key.decode("utf-8", "surrogateescape")
        return any(pattern.fullmatch(text) for pattern in self._compiled)
