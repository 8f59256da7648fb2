"""The table by which the run screen finds who carries out an action."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

OWNERS: Mapping[str, tuple[str, ...]] = {
    "screen": ("show_view", "leave_runs", "next_run", "previous_run", "help"),
    "files": (
        "ask_run",
        "choose_all",
        "choose_values",
        "copy_run",
        "edit_file",
        "find_file",
        "refresh_files",
        "set_value",
        "show_part",
    ),
    "live": ("run_failed",),
    "run": ("stop_run", "run_again"),
    "output": (
        "search_output",
        "find_next",
        "find_previous",
        "filter_output",
        "follow_output",
        "wrap_output",
        "show_changes",
        "copy_line",
        "copy_output",
        "page_output",
    ),
    "kept": ("filter_kept", "undo_run", "forget_run", "open_source", "copy_kept"),
}
"""``screen``, a view by its id, ``output`` (the output in the Run view) or ``run`` (the view on screen that
shows runs) -> the verbs it carries out, each by its method ``action_<verb>``."""

_OWNER_OF = {verb: owner for owner, verbs in OWNERS.items() for verb in verbs}


def owner_of(verb: str) -> str | None:
    """Return who carries out ``verb``; None: the browser does."""
    return _OWNER_OF.get(verb)
