"""Sizes of panes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from sloth_tui.tui.browser.controllers.panes import PanesController

if TYPE_CHECKING:
    from unittest.mock import Mock

    from tests.tui.browser.fake import Fake


def test_a_pane_grows_into_its_neighbour(fake: Fake) -> None:
    panes = cast("Any", fake.context.panes)
    panes.shape = SimpleNamespace(agents=22, detail=40, dock=10)
    fake.screen.app.size.width = 120
    controller = PanesController(fake.context)
    controller.action_wider()
    note = cast("Mock", fake.context.ui_state.note)
    assert next(call.kwargs["sizes"] for call in note.call_args_list) == {"normal": {"detail": 38}}


def test_a_pane_is_put_away_and_the_keys_bring_all_back(fake: Fake) -> None:
    panes, note = cast("Any", fake.context.panes), cast("Mock", fake.context.ui_state.note)
    panes.current, panes.place_of.return_value = "agents", "agents"
    controller = PanesController(fake.context)
    controller.action_collapse()
    note.assert_called_once_with(collapsed=("agents",))
    panes.show.assert_called_once_with("keys")
    panes.current = "keys"
    controller.action_collapse()
    note.assert_called_with(collapsed=())


def test_a_single_pane_has_no_size_of_its_own(fake: Fake) -> None:
    cast("Any", fake.context.panes).in_sight = frozenset({"keys"})
    controller = PanesController(fake.context)
    for action in (controller.action_wider, controller.action_taller, controller.action_shorter):
        action()
    cast("Mock", fake.context.ui_state.note).assert_not_called()
