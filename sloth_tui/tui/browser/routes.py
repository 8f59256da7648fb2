"""The tables by which the screen finds the controllers of a message or an action.

A controller is named by its module in ``controllers``, which is loaded on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.tui import messages
from sloth_tui.tui.widgets.pane import Edged

if TYPE_CHECKING:
    from collections.abc import Mapping

ROUTES: Mapping[type[messages.RoutedMessage], tuple[str, ...]] = {
    # Posted by widgets.
    messages.AgentChosen: ("agents",),
    messages.AgentEntered: ("agents",),
    messages.VisibleAgentsChanged: ("agents",),
    messages.FilterChanged: ("keys",),
    messages.FilterLeft: ("keys",),
    messages.SortChosen: ("keys",),
    messages.PageRequested: ("keys",),
    messages.RowHighlighted: ("entry", "tree"),
    messages.RowSelected: ("keys",),
    messages.FoldRequested: ("tree",),
    messages.NodeRequested: ("tree",),
    messages.MarkRequested: ("marks",),
    messages.RangeMoved: ("marks",),
    messages.MarksChanged: ("marks",),
    messages.MarksStale: ("marks",),
    messages.HistoryRequested: ("entry",),
    messages.LockExpired: ("dock",),
    messages.LockSelected: ("dock",),
    messages.RunRequested: ("run",),
    messages.ChangeSetSelected: ("dock",),
    messages.MoreLogRequested: ("dock",),
    messages.PrefixRequested: ("dock",),
    messages.KeyRequested: ("dock",),
    Edged.Grabbed: ("panes",),
    Edged.DoubleClicked: ("panes",),
    Edged.Dragged: ("panes",),
    # Routed by the screen itself.
    messages.AgentLeft: ("keys", "marks", "dock", "agents"),
    messages.PanesLoaded: ("dock", "entry"),
    # Posted by the services, about the store and the runner.
    messages.AgentsListed: ("agents",),
    messages.StoreOpened: ("keys", "entry", "agents"),
    # "entry" reads the row under the cursor, which "agents" then invalidates: it comes later.
    messages.StoreFailed: ("keys", "entry", "agents", "dock"),
    messages.UpdatesPending: ("agents",),
    messages.RowsIndexed: ("keys",),
    messages.RowsChanged: ("keys",),
    messages.PageLoaded: ("keys",),
    messages.KeyLocated: ("keys",),
    messages.EntryRead: ("entry",),
    messages.HistoryRead: ("entry",),
    messages.TabRead: ("dock",),
    messages.SurveyRead: ("dock",),
    messages.WritesCounted: ("dock",),
    messages.RunBegan: ("run", "marks"),
    messages.RunProgressed: ("run", "marks"),
    messages.RunEnded: ("run", "marks"),
    messages.OwnCommandEnded: ("commands",),
    messages.RunRefused: ("run",),
    messages.RunsFound: ("run",),
    messages.ThreadDied: ("agents",),
}
"""Message -> the controllers that handle it, in this order."""

OWNERS: Mapping[str, tuple[str, ...]] = {
    "agents": (
        *("new_agent", "duplicate_agent", "delete_agent", "go_to_agent", "next_agent", "previous_agent"),
        *("toggle_live", "refresh"),
    ),
    "commands": ("run_command", "show_commands"),
    "copy": ("copy_key", "copy_name", "copy_value", "copy_command"),
    "dock": ("break_lock", "lock_history", "show_holder", "check_store", "compact", "show_change", "undo"),
    "entry": (
        *("edit_value", "edit_outside", "restore_revision", "new_key", "rename_key", "duplicate_key"),
        *("limit_key", "change_type", "reveal", "compare_revision", "fold_all", "unfold_all", "page_value"),
        *("value_tab", "history_tab", "info_tab"),
    ),
    "files": ("export", "import_file"),
    "help": ("help",),
    "jump": ("jump",),
    "keys": ("filter_keys", "go_to_key", "step_back"),
    "marks": ("mark_key", "mark_range", "invert_marks", "mark_all"),
    "moving": ("copy_entries", "move_entries"),
    "panes": (
        *("show_pane", "next_pane", "previous_pane", "zoom", "collapse", "usual_sizes"),
        *("narrower", "wider", "taller", "shorter"),
    ),
    "run": ("run_file", "run_path", "stop_run"),
    "safekeeping": ("examine", "back_up", "restore"),
    "search": ("search_everywhere",),
    "tree": (
        *("delete_key", "clear_prefix", "clear_all", "toggle_tree", "sort_next", "sort_reverse"),
        "sort_keys",
    ),
}
"""Controller -> the verbs it carries out, each by its method ``action_<verb>``."""

ACT_ON_MARKS = frozenset(
    (
        *OWNERS["marks"],
        *OWNERS["copy"],
        *OWNERS["moving"],
        *("edit_value", "edit_outside", "restore_revision", "rename_key", "duplicate_key", "limit_key"),
        *("change_type", "delete_key", "export", "run_command"),
    )
)
"""The verbs that do one thing where keys are marked, and another where none is."""

_OWNER_OF = {verb: controller for controller, verbs in OWNERS.items() for verb in verbs}


def owner_of(verb: str) -> str:
    """Return the controller that carries out ``verb``. Raises KeyError."""
    return _OWNER_OF[verb]
