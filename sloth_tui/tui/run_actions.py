"""The actions of the run screen alone. Those that it shares with the browser are in
:mod:`sloth_tui.tui.actions`.

A view carries an action out by its method ``action_<id>``: :mod:`sloth_tui.tui.run_screen.owners` says which.
"""

from __future__ import annotations

from sloth_tui.tui.action import Action

RUN_VIEWS = {"files": "Files", "live": "Run", "kept": "History"}
"""The views of the run screen in the order of their numbers: id -> name."""

_ALL = tuple(RUN_VIEWS)
_LIVE = ("live",)

RUN_ACTIONS: tuple[Action, ...] = (
    Action("run_again", "a", "Again", "Run the same once more", "Run screen", _LIVE, True),
    Action(
        "run_failed", "A", "Failed", "Run what failed, was late or skipped, again", "Run screen", _LIVE, True
    ),
    Action("next_run", "right_square_bracket", "Next run", "Go to the next run", "Run screen", _LIVE, True),
    Action(
        "previous_run", "left_square_bracket", "Previous run", "Go to the run before", "Run screen", _LIVE
    ),
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
