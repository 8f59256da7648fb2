"""Say how many processes the commands of a run may have at once; more count as a fork bomb."""

from __future__ import annotations

MOST_PROCESSES = 1000
MOST_TASKS = 4000
"""Processes and threads together."""


def describe_excess(processes: int, tasks: int) -> str:
    """Return the bound that was exceeded, as text; empty if none was."""
    if processes > MOST_PROCESSES:
        return f"{MOST_PROCESSES:,} processes"
    return f"{MOST_TASKS:,} processes and threads" if tasks > MOST_TASKS else ""
