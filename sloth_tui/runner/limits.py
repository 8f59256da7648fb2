"""What the process that runs Lua may take of the machine, behind the limits Lua itself has."""

from __future__ import annotations

import resource
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PYTHON = 1024 * 1024 * 1024
"""Address space for Python, the store's memory map, and copies of the largest values on their way."""
_before: dict[int, tuple[int, int]] = {}
"""Soft and hard limits as this process found them."""


def limit_process(memory_limit: int) -> None:
    """No more address space than ``memory_limit`` bytes of Lua can need, and no core files.

    Only soft limits, so that commands can be given back what this process had.
    """
    for kind, wanted in ((resource.RLIMIT_AS, 2 * memory_limit + _PYTHON), (resource.RLIMIT_CORE, 0)):
        soft, hard = _before[kind] = resource.getrlimit(kind)
        known = [limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY]
        with suppress(ValueError, OSError):  # not every system can limit address space
            resource.setrlimit(kind, (min([wanted, *known]), hard))


@contextmanager
def lifted() -> Iterator[None]:
    """The limits as they were, for a process that is started inside this block."""
    ours = {kind: resource.getrlimit(kind) for kind in _before}
    for kind, limits in _before.items():
        resource.setrlimit(kind, limits)
    try:
        yield
    finally:
        for kind, limits in ours.items():
            resource.setrlimit(kind, limits)
