"""Compare what two agents have, whatever their backends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.model import Difference
from sloth_tui.values.codec import same

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.model import Value
    from sloth_tui.store.port import Entries

    Item = tuple[str, Value]


def compare(one: Entries, other: Entries, prefix: str = "") -> Iterator[Difference]:
    """Yield the keys under a prefix whose values or types differ, in key order: ``old`` is the value of
    ``one``, ``new`` that of ``other``. Both are read in step, an entry at a time."""
    left, right = one.items(prefix), other.items(prefix)
    mine, theirs = next(left, None), next(right, None)
    while mine is not None or theirs is not None:
        if theirs is None or (mine is not None and _stored(mine) < _stored(theirs)):
            assert mine is not None
            yield Difference(mine[0], mine[1], None)
            mine = next(left, None)
        elif mine is None or _stored(theirs) < _stored(mine):
            yield Difference(theirs[0], None, theirs[1])
            theirs = next(right, None)
        else:
            if not same(mine[1], theirs[1]):
                yield Difference(mine[0], mine[1], theirs[1])
            mine, theirs = next(left, None), next(right, None)


def _stored(item: Item) -> bytes:
    return item[0].encode("utf-8", "surrogateescape")
