"""Who a run's changes are by."""

from __future__ import annotations

from sloth_tui.origin import Origin, this_process


def run_origin(title: str, run: str, task: str | None) -> Origin:
    return this_process("lua", title, run, task)
