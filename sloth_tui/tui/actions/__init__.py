"""The registry of actions: bindings, footer, palette and help are built from it. Those that only the run
screen has are in :mod:`sloth_tui.tui.actions.runs`.

The id of an action is also the id of its binding, so that a key map can rebind it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.binding import Binding

from sloth_tui.model import SORT_COLUMNS
from sloth_tui.tui.actions.action import OWN_GROUP, Action
from sloth_tui.tui.actions.printed import PRINTED
from sloth_tui.tui.actions.runs import RUN_ACTIONS, RUN_VIEWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PANES = {
    "agents": "Agents",
    "keys": "Keys",
    "detail": "Detail",
    "locks": "Locks",
    "stats": "Stats",
    "log": "Log",
    "run": "Run",
}
"""The panes of the browser in the order of their numbers: id -> name."""
DOCK = ("locks", "stats", "log", "run")
"""The panes that share the place at the bottom: the tabs of the dock, in order."""


_AGENTS = ("agents",)
_KEYS = ("keys", "detail")
_DETAIL = ("detail",)
_STATS = ("stats",)
_OUTPUT = ("run", "live")

MOTIONS = (
    ("up,k,down,j", "Up, down"),
    ("pageup,ctrl+b,pagedown,ctrl+f", "A page up, down"),
    ("ctrl+u,ctrl+d", "Half a page up, down"),
    ("home,g,end,G", "To the first, the last"),
    ("left,h,right,l", "Fold, unfold; close, open"),
    ("enter", "Open"),
)
"""Keys that focused widgets handle themselves. No action can be bound to one of them."""

ACTIONS: tuple[Action, ...] = (
    Action("edit_value", "e", "Edit", "Edit the value of this key", "Keys", _KEYS, True, True),
    Action("edit_outside", "E", "Editor", "Edit the value in $EDITOR", "Detail", _KEYS, False, True),
    Action(
        "restore_revision", "o", "Restore", "Make this key what it was then", "Detail", _DETAIL, True, True
    ),
    Action("new_key", "n", "New", "Create a key", "Keys", _KEYS, True, True),
    Action("rename_key", "R", "Rename", "Give this key another name", "Keys", _KEYS, False, True),
    Action("duplicate_key", "C", "Duplicate", "Set another key to the same", "Keys", _KEYS, False, True),
    Action(
        "copy_entries", "", "Copy to", "Copy keys to another key, prefix or agent", "Keys", (), False, True
    ),
    Action(
        "move_entries", "", "Move to", "Move keys to another key, prefix or agent", "Keys", (), False, True
    ),
    Action("change_type", "m", "Type", "Change the type of this value", "Keys", _KEYS, False, True),
    Action("limit_key", "L", "Lifetime", "Give this key a time to live, or none", "Keys", _KEYS, False, True),
    Action("delete_key", "d,delete", "Delete", "Delete this key", "Keys", _KEYS, True, True),
    Action(
        "break_lock", "b", "Break", "Take this lock away from its holder", "Locks", ("locks",), True, True
    ),
    Action(
        "lock_history", "H", "History", "Show who held this lock, and how it ended", "Locks", ("locks",), True
    ),
    Action("show_holder", "enter", "Its run", "Show the run that holds this lock", "Locks", ("locks",), True),
    Action("check_store", "i", "Check", "Check that the store is sound", "Stats", _STATS, True),
    Action("examine", "", "Doctor", "Doctor: examine all of the store", "Stats"),
    Action("back_up", "", "Back up", "Back up all that this agent has", "Stats", writes=True),
    Action("restore", "", "Restore", "Restore this agent from a backup", "Stats", writes=True),
    Action("compact", "C", "Compact", "Forget old revisions to free space", "Stats", _STATS, True, True),
    Action("show_change", "enter", "Show", "Show what this change did", "Log", ("log",), True),
    Action("new_agent", "n", "New", "Make an agent with an empty store", "Agents", _AGENTS, True, True),
    Action("duplicate_agent", "C", "Duplicate", "Copy this agent's store", "Agents", _AGENTS, True, True),
    Action("delete_agent", "d,delete", "Delete", "Delete this agent's store", "Agents", _AGENTS, True, True),
    Action("filter_keys", "slash", "Filter", "Filter the keys", "Keys", ("agents", *_KEYS), True),
    Action("search_everywhere", "F", "Search", "Search keys and values of every agent", "Keys"),
    Action("toggle_tree", "T", "Tree", "Fold keys at : and /, or show them flat", "Keys", _KEYS, True),
    Action("sort_next", "s", "Sort", "Sort the keys by the next column", "Keys", ("keys",)),
    Action("sort_reverse", "o", "Reverse", "Turn the order of the keys round", "Keys", ("keys",)),
    Action("mark_key", "space", "Mark", "Mark this key, or not any more", "Marks", ("keys",), True),
    Action("mark_range", "v", "Range", "Mark from here on; again: to here", "Marks", ("keys",)),
    Action(
        "invert_marks", "i", "Invert", "Mark the keys that are not, unmark the others", "Marks", ("keys",)
    ),
    Action("mark_all", "asterisk", "Mark all", "Mark every key that passes the filter", "Marks", ("keys",)),
    Action("reveal", "x", "Reveal", "Show or hide the secret of this key", "Keys", _KEYS),
    Action("copy_key", "y", "Copy key", "Copy the key", "Copy", _KEYS),
    Action("copy_name", "y", "Copy name", "Copy the name of this agent or lock", "Copy", ("agents", "locks")),
    Action("copy_value", "Y", "Copy value", "Copy the value", "Copy", _KEYS),
    Action("copy_command", "c", "Copy command", "Copy the command line that does the same", "Copy"),
    Action(
        "compare_revision", "space", "Compare", "Compare revisions with this one", "Detail", _DETAIL, True
    ),
    Action("fold_all", "shift+left", "Fold all", "Fold everything in this value", "Detail", _DETAIL),
    Action("unfold_all", "shift+right", "Unfold all", "Unfold everything in it", "Detail", _DETAIL),
    Action("page_value", "vertical_line", "Pager", "Show all of the value in $PAGER", "Detail", _KEYS),
    Action("value_tab", "V", "Value", "Show the value of this key", "Detail", _KEYS),
    Action("history_tab", "H", "History", "Show the history of this key", "Detail", _KEYS),
    Action("info_tab", "I", "Info", "Show who changed this key, when and how", "Detail", _KEYS),
    Action("go_to_key", "colon", "Find key", "Go to a key by its name", "Keys"),
    Action("clear_prefix", "D", "Clear", "Clear the keys that begin with a prefix", "Keys", (), False, True),
    Action("clear_all", "", "Clear all", "Clear every key of this agent", "Keys", (), False, True),
    Action("export", "", "Export", "Write marked or filtered keys to a file", "Keys"),
    Action("import_file", "", "Import", "Set the keys that a file holds", "Keys", (), False, True),
    Action("undo", "u", "Undo", "Take back the last change", "Log", (), True, True),
    Action("run_file", "r", "Run", "Choose a Lua file to run; watch runs", "Run", (), True),
    Action("show_commands", "O", "Output", "Show what your own commands printed", "Run"),
    Action("run_path", "", "Run path", "Run or check the Lua file of a path", "Run"),
    Action("stop_run", "S", "Stop run", "Stop the run; again: kill it", "Run", (*_OUTPUT, "kept"), True),
    Action("go_to_agent", "a", "Find agent", "Go to an agent by its name", "Agents"),
    Action("next_agent", "right_square_bracket", "Next agent", "Go to the next agent", "Agents"),
    Action("previous_agent", "left_square_bracket", "Previous agent", "Go to the agent before", "Agents"),
    *(
        Action(
            f"show_{pane}",
            str(number),
            name,
            f"Go to {name.lower()}",
            "Panes",
            verb="show_pane",
            argument=pane,
        )
        for number, (pane, name) in enumerate(PANES.items(), 1)
    ),
    Action("jump", "f", "Jump", "Label everything in sight, to go there", "Panes"),
    *(
        Action(
            f"sort_by_{column}",
            "",
            f"By {column}",
            f"Sort the keys by {column}",
            "Keys",
            verb="sort_keys",
            argument=column,
        )
        for column in SORT_COLUMNS
    ),
    Action("next_pane", "tab", "Next pane", "Go to the next pane", "Panes"),
    Action("previous_pane", "shift+tab", "Previous pane", "Go to the pane before", "Panes"),
    Action("zoom", "z", "Zoom", "Give this pane the screen, or end that", "Panes"),
    Action("narrower", "less_than_sign", "Narrower", "Make this pane narrower", "Panes"),
    Action("wider", "greater_than_sign", "Wider", "Make this pane wider", "Panes"),
    Action("taller", "plus", "Taller", "Make this pane taller", "Panes"),
    Action("shorter", "minus", "Shorter", "Make this pane shorter", "Panes"),
    Action("collapse", "backslash", "Collapse", "Put this pane away; in keys: all back", "Panes"),
    Action("usual_sizes", "equals_sign", "Usual sizes", "Give every pane its usual size", "Panes"),
    Action("step_back", "escape", "Back", "Step back: out of zoom, to the keys", "Panes"),
    Action("toggle_live", "p", "Pause", "Pause following changes, or resume", "App"),
    Action("refresh", "f5", "Refresh", "Read everything again", "App"),
    Action("choose_theme", "t", "Theme", "Choose the colours", "App", call="app.change_theme"),
    Action(
        "palette",
        "ctrl+p",
        "Palette",
        "Find any of these, an agent or a key",
        "App",
        call="app.command_palette",
    ),
    Action(
        "suspend",
        "ctrl+z",
        "Suspend",
        "Go back to the shell; fg there returns here",
        "App",
        call="app.suspend_process",
    ),
    Action("help", "question_mark,f1", "Help", "Show every key", "App", (), True),
    Action("quit", "q,ctrl+q", "Quit", "Leave", "App", (), True, call="app.quit"),
)

NEED_TERMINAL = ("edit_outside", "edit_file", "page_value", "suspend")
"""The actions that give the terminal to another program, by id."""
ACT_ON_FILES = ("export", "run_file", "run_path")
"""The actions that write files or run programs although nothing of the store may be changed: a check of a Lua
file asks by commands. Who is at the terminal can do that anyway; whoever has a page need not."""

ON_EVERY_SCREEN = ("palette", "help", "choose_theme", "suspend", "quit")
"""The actions of the browser, by id, that work on the run screen too."""
ALL_ACTIONS = (*ACTIONS, *RUN_ACTIONS)

_in_force = {action.id: action for action in ALL_ACTIONS}
_withheld: frozenset[str] = frozenset()


def rebind(keys: Mapping[str, str], without: Iterable[str] = (), own: Iterable[Action] = ()) -> None:
    """Give actions (by id) these keys, and all others their default keys. Existing bindings do not change.
    ``without``: actions that are not offered here, and have no key; ``own``: the user's, beside ours."""
    global _withheld  # noqa: PLW0603 - as everything about actions: one app in a process
    _withheld = frozenset(without)
    _in_force.clear()
    for action in (*ALL_ACTIONS, *own):
        key = "" if action.id in _withheld else keys.get(action.id, action.key)
        _in_force[action.id] = action._replace(key=key)


def actions() -> list[Action]:
    """Return all actions that are offered, with their current keys."""
    return [action for action in _in_force.values() if action.id not in _withheld]


def is_offered(name: str) -> bool:
    """True if the action of this id can be carried out here."""
    return name not in _withheld


def is_of_runs(action: Action) -> bool:
    """True if only the run screen carries out this action."""
    return bool(action.panes) and set(action.panes) <= set(RUN_VIEWS)


def works_in(action: Action, pane: str) -> bool:
    """True if the key of an action works in this pane, or view of the run screen."""
    if action.panes:
        return pane in action.panes
    return pane not in RUN_VIEWS or action.id in ON_EVERY_SCREEN


def in_pane(pane: str) -> list[Action]:
    """Return the actions in the footer of this pane or view, most important first."""
    offered = [action for action in actions() if action.footer and works_in(action, pane)]
    if pane in RUN_VIEWS or any(action.group == OWN_GROUP for action in offered):
        offered.sort(key=_rank)
    return offered


def _rank(action: Action) -> int:
    """Return the place of an action in the footer: those of the pane, the user's own, the others."""
    return 1 if action.group == OWN_GROUP else 0 if action.panes else 2


def by_id(name: str) -> Action:
    """Return the action of this id. Raises KeyError."""
    return _in_force[name]


def bindings() -> list[Binding]:
    """Return the bindings of every action of the browser that has a key."""
    return [_binding(action, action.key) for action in actions() if action.key and not is_of_runs(action)]


def run_bindings() -> list[Binding]:
    """Return the bindings of the run screen: of its own actions, and of those of every screen, whose keys may
    mean something else here."""
    own = [action for action in actions() if not set(action.panes).isdisjoint(RUN_VIEWS) and action.key]
    taken = {key for action in own for key in action.key.split(",")}
    found = [_binding(action, action.key) for action in own]
    for action in map(by_id, ON_EVERY_SCREEN):
        free = ",".join(key for key in action.key.split(",") if key and key not in taken)
        if free:
            found.append(_binding(action, free))
    return found


def _binding(action: Action, keys: str) -> Binding:
    return Binding(
        keys,
        f"perform('{action.id}')",
        action.label,
        show=action.footer,
        tooltip=action.help,
        id=action.id,
    )


def key_of(name: str) -> str:
    """Return what to press for the action of this id, as printed on a keyboard. Without a key of its own: the
    palette's key and the label."""
    action = _in_force[name]
    return shown_key(action.key) if action.key else f"{shown_key(_in_force['palette'].key)} {action.label}"


def shown_key(key: str) -> str:
    """Return the first alternative of ``key`` as printed on a keyboard: ``^q``, ``/``, ``tab``."""
    first = key.split(",")[0]
    return PRINTED.get(first, first.replace("ctrl+", "^").replace("shift+", "⇧"))
