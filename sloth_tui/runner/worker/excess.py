"""How much the commands of a run may have at once; more is taken for a fork bomb."""

from __future__ import annotations

MOST_PROCESSES = 1000
MOST_TASKS = 4000
"""Processes and threads together."""


def excess(processes: int, tasks: int) -> str:
    """In words what was exceeded; empty if nothing was."""
    if processes > MOST_PROCESSES:
        return f"{MOST_PROCESSES:,} processes"
    return f"{MOST_TASKS:,} processes and threads" if tasks > MOST_TASKS else ""
