"""The ids of change sets: digits for our own, ``x`` and the first revision for those of other programs."""

from __future__ import annotations

_DIGITS = 18
"""The most digits that always fit 64 bits."""


def number_of(name: str) -> int | None:
    """Return the number of one of our change sets; None if ``name`` is not such an id."""
    return int(name[:_DIGITS]) if name.isdecimal() else None


def of_others(first_revision: int) -> str:
    return f"x{first_revision}"


def first_revision_of(name: str) -> int | None:
    """Return the first revision of another program's change set; None if ``name`` is not such an id."""
    return int(name[1 : _DIGITS + 1]) if name[:1] == "x" and name[1:].isdecimal() else None
