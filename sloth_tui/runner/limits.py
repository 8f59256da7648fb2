"""The limits of the operating system on the process that runs Lua, behind the limits of Lua itself."""

from __future__ import annotations

import resource
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PYTHON_BYTES = 1024 * 1024 * 1024
"""Address space for Python, the store's memory map, and copies of the largest values in transit."""
_original_limits: dict[int, tuple[int, int]] = {}
"""Soft and hard limits of this process before they were lowered."""


def limit_process(memory_limit: int) -> None:
    """Limit the address space to what ``memory_limit`` bytes of Lua can need, and forbid core files.

    Only the soft limits are lowered, so that commands can get the original ones.
    """
    for kind, wanted in ((resource.RLIMIT_AS, 2 * memory_limit + _PYTHON_BYTES), (resource.RLIMIT_CORE, 0)):
        soft, hard = _original_limits[kind] = resource.getrlimit(kind)
        known = [limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY]
        with suppress(ValueError, OSError):  # not every system can limit address space
            resource.setrlimit(kind, (min([wanted, *known]), hard))


@contextmanager
def original_limits() -> Iterator[None]:
    """Restore the original limits for a process that is started inside this block."""
    ours = {kind: resource.getrlimit(kind) for kind in _original_limits}
    for kind, limits in _original_limits.items():
        resource.setrlimit(kind, limits)
    try:
        yield
    finally:
        for kind, limits in ours.items():
            resource.setrlimit(kind, limits)
