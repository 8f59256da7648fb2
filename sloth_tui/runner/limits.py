"""What the process that runs Lua may take of the machine, behind the limits Lua itself has."""

from __future__ import annotations

import resource

_PYTHON = 1024 * 1024 * 1024
"""Address space for Python, the store's memory map, and copies of the largest values on their way."""


def limit_process(memory_limit: int) -> None:
    """No more address space than ``memory_limit`` bytes of Lua can need, and no core files."""
    _lower(resource.RLIMIT_AS, 2 * memory_limit + _PYTHON)
    _lower(resource.RLIMIT_CORE, 0)


def _lower(kind: int, wanted: int) -> None:
    """Only the soft limit, so that commands can be given back what this process had."""
    soft, hard = resource.getrlimit(kind)
    limits = [limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(kind, (min([wanted, *limits]), hard))
