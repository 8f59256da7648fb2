"""The keys that runs have changed, for the rows of the key table."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sloth_tui.model import Row
    from sloth_tui.tui.services.runs.progress import Progress


class TouchedKeys:
    """Looks at what some runs have changed so far, without a copy: it grows while they go on."""

    def __init__(self, runs: Iterable[Progress]) -> None:
        self._runs = tuple(runs)

    def __len__(self) -> int:
        return sum(run.touched_count for run in self._runs)

    def holds(self, row: Row) -> bool:
        """Return True for a changed key, and for a node with one below it."""
        is_node = row.keys is not None
        return any(run.has_touched(row.key, node=is_node) for run in self._runs)
