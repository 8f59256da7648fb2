"""The list of agents and the title bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sloth_tui.tui import messages
from sloth_tui.tui.browser.controllers.agents import AgentsController
from sloth_tui.tui.widgets.title_bar import TitleBar

if TYPE_CHECKING:
    from tests.tui.browser.fake import Fake


def test_an_agent_on_screen_is_not_chosen_again(fake: Fake) -> None:
    agents = AgentsController(fake.context)
    agents.on_agent_chosen(messages.AgentChosen("local"))
    assert fake.told == []
    agents.on_agent_chosen(messages.AgentChosen("production"))
    assert fake.told == ["AgentLeft"]


def test_a_store_that_is_opened_is_shown_and_one_of_another_agent_is_not(fake: Fake) -> None:
    agents, bar = AgentsController(fake.context), fake.widget(TitleBar)
    bar.state = "live"
    agents.on_store_failed(messages.StoreFailed("other", "gone", None))
    assert (fake.context.answers, bar.state) == (True, "live")
    agents.on_store_failed(messages.StoreFailed("local", "gone", None))
    assert (fake.context.answers, bar.state) == (False, "no answer")
    agents.on_store_opened(messages.StoreOpened("other", "/x", exists=True))
    assert not fake.context.answers
    agents.on_store_opened(messages.StoreOpened("local", "/local.db", exists=False))
    assert (fake.context.answers, bar.state, bar.location) == (True, "empty", "/local.db")


def test_stepping_goes_round_the_list(fake: Fake) -> None:
    cast("Any", fake.context.lazy).agents.names = ["db", "local", "web"]
    AgentsController(fake.context).action_next_agent()
    fake.services.choose_agent.assert_called_once_with("web")
    fake.services.agent = "db"
    AgentsController(fake.context).action_previous_agent()
    fake.services.choose_agent.assert_called_with("web")


def test_pausing_is_told_to_the_services_and_shown(fake: Fake) -> None:
    agents, bar = AgentsController(fake.context), fake.widget(TitleBar)
    bar.paused = False
    agents.action_toggle_live()
    agents.on_updates_pending(messages.UpdatesPending())
    assert (bar.paused, bar.behind) == (True, True)
    agents.action_toggle_live()
    assert (bar.paused, bar.behind) == (False, False)
    assert [call.args for call in fake.services.pause.call_args_list] == [(True,), (False,)]
