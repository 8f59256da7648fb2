"""What controllers share."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sloth_tui.tui.browser.context import Controller
from tests.tui.browser.fake import ROW, Fake

if TYPE_CHECKING:
    from unittest.mock import Mock


def test_what_is_chosen_is_of_the_agent_that_answers(fake: Fake) -> None:
    context = fake.context
    assert (context.key, context.node, context.chosen_keys) == (ROW.key, None, [ROW.key])
    fake.table.row = ROW._replace(key="deploy:", keys=3)
    assert (context.key, context.node, context.chosen_keys) == (None, "deploy:", [])
    fake.table.row = ROW
    context.answers = False
    assert (context.key, context.chosen_keys) == (None, [])


def test_choosing_an_agent_is_told_before_the_services_are_asked(fake: Fake) -> None:
    fake.services.choose_agent.side_effect = fake.told.append
    fake.context.choose_agent("production")
    assert fake.told == ["AgentLeft", "production"]
    assert not fake.context.answers
    cast("Mock", fake.context.lazy).agents.choose.assert_called_once_with("production")


def test_a_controller_has_what_it_acts_on_from_its_context(fake: Fake) -> None:
    made = Controller(fake.context)
    assert (made.screen, made.services, made.panes) == (fake.screen, fake.services, fake.context.panes)
