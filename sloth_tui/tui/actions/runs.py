"""The actions of the run screen alone. Those that it shares with the browser are in
:mod:`sloth_tui.tui.actions`.

A view carries an action out by its method ``action_<id>``: :mod:`sloth_tui.tui.run_screen.owners` says which.
"""

from __future__ import annotations

from sloth_tui.tui.actions.action import Action

RUN_VIEWS = {"files": "Files", "live": "Run", "kept": "History"}
"""The views of the run screen in the order of their numbers: id -> name."""

_ALL = tuple(RUN_VIEWS)
_LIVE = ("live",)
_KEPT = ("kept",)
_RUNS = ("live", "kept")
_FILES = ("files",)

RUN_ACTIONS: tuple[Action, ...] = (
    Action("run_again", "a", "Run again", "Run the same once more", "Run screen", _RUNS, True),
    Action(
        "run_failed",
        "A",
        "Rerun failed",
        "Run what failed, was late or skipped, again",
        "Run screen",
        _LIVE,
        True,
    ),
    Action("next_run", "right_square_bracket", "Next run", "Go to the next run", "Run screen", _LIVE, True),
    Action(
        "previous_run", "left_square_bracket", "Previous run", "Go to the run before", "Run screen", _LIVE
    ),
    *(
        Action(name, key, label, words, "Files", _FILES, True, mode == "run", verb="ask_run", argument=mode)
        for name, key, label, words, mode in (
            ("run_chosen", "r", "Run", "Run this file against the agent", "run"),
            ("check_file", "x", "Check", "Find out what a run of it would change", "check"),
            ("check_differences", "d", "Check+diff", "The same, with how files would differ", "diff"),
        )
    ),
    *(
        Action(f"show_{part}", key, label, words, "Files", _FILES, verb="show_part", argument=part)
        for part, key, label, words in (
            ("source", "S", "Source", "Show the source of the file"),
            ("tasks", "T", "Tasks", "Show its tasks, to choose some"),
            ("values", "V", "Values", "Show its values and the options of a run"),
        )
    ),
    Action(
        "find_file", "slash", "Find", "Find a file by some letters, or type its path", "Files", _FILES, True
    ),
    Action("copy_run", "c", "Copy", "Copy the command line that does the same", "Files", _FILES, True),
    Action("edit_file", "E", "Edit", "Edit the file in $EDITOR", "Files", _FILES, True),
    Action("choose_all", "a", "All tasks", "Choose each task, or none in particular", "Files", _FILES),
    Action("set_value", "n", "Set", "Set a value, as --set does", "Files", _FILES),
    Action("choose_values", "w", "Values file", "Choose another values file", "Files", _FILES),
    Action("refresh_files", "f5", "Refresh", "Read directories and the file again", "Files", _FILES),
    Action("search_output", "slash", "Search", "Search the output", "Output", _LIVE, True),
    Action("find_next", "n", "Next", "Go to the next place that was found", "Output", _LIVE),
    Action("find_previous", "N", "Previous", "Go to the place before", "Output", _LIVE),
    Action(
        "filter_output",
        "ampersand",
        "Filter",
        "Show only lines with a text, or without",
        "Output",
        _LIVE,
        True,
    ),
    Action("follow_output", "p", "Pause", "Stay at these lines, or follow the end", "Output", _LIVE),
    Action("wrap_output", "w", "Wrap", "Wrap long lines, or cut them", "Output", _LIVE),
    Action("show_changes", "c", "Changes", "Show what the run changed, or its output", "Output", _LIVE, True),
    Action("copy_line", "y", "Copy line", "Copy this line", "Output", _LIVE),
    Action("copy_output", "Y", "Copy all", "Copy all lines that are shown", "Output", _LIVE),
    Action("page_output", "vertical_line", "Pager", "Show all of the output in $PAGER", "Output", _LIVE),
    Action("filter_kept", "slash", "Filter", "List only runs like this", "History", _KEPT, True),
    Action("undo_run", "u", "Undo", "Take back what this run wrote", "History", _KEPT, True, True),
    Action("open_source", "o", "File", "Show the file of this run", "History", _KEPT),
    Action("copy_kept", "y", "Copy", "Copy the command line of this run", "History", _KEPT),
    Action("forget_run", "d,delete", "Forget", "Remove what is kept of this run", "History", _KEPT, True),
    *(
        Action(
            f"view_{view}",
            str(number),
            name,
            f"Go to {name.lower()}",
            "Run screen",
            _ALL,
            verb="show_view",
            argument=view,
        )
        for number, (view, name) in enumerate(RUN_VIEWS.items(), 1)
    ),
    Action("leave_runs", "escape,q", "Back", "Go back to the keys; runs go on", "Run screen", _ALL, True),
)
