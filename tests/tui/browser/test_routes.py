"""The tables by which the browser screen finds a controller."""

from __future__ import annotations

from importlib import import_module
from inspect import getmembers, isclass, isfunction
from pkgutil import iter_modules

import pytest

from sloth_tui.tui import messages
from sloth_tui.tui.actions import ACTIONS, DOCK, bindings
from sloth_tui.tui.browser import controllers
from sloth_tui.tui.browser.context import Controller
from sloth_tui.tui.browser.dock_tabs import TABS, dock_panes
from sloth_tui.tui.browser.routes import OWNERS, ROUTES, owner_of
from sloth_tui.tui.messages import RoutedMessage
from sloth_tui.tui.services.dock import READS
from sloth_tui.tui.widgets.pane import Edged

NAMES = [module.name for module in iter_modules(controllers.__path__)]


def controller(name: str) -> type[Controller]:
    made = getattr(import_module(f"{controllers.__name__}.{name}"), f"{name.title()}Controller")
    assert isclass(made)
    assert issubclass(made, Controller)
    return made


def methods(name: str, prefix: str) -> set[str]:
    found = {method for method, _ in getmembers(controller(name), isfunction)}
    return {method.removeprefix(prefix) for method in found if method.startswith(prefix)}


def test_every_message_has_a_route() -> None:
    vocabulary = {
        found
        for _, found in getmembers(messages, isclass)
        if issubclass(found, RoutedMessage) and found is not RoutedMessage
    }
    assert set(ROUTES) == vocabulary | {Edged.Grabbed, Edged.DoubleClicked, Edged.Dragged}


@pytest.mark.parametrize("name", NAMES)
def test_a_controller_hears_what_is_routed_to_it_and_nothing_else(name: str) -> None:
    routed = {message.handler_name for message, heard_by in ROUTES.items() if name in heard_by}
    assert {f"on_{method}" for method in methods(name, "on_")} == routed


@pytest.mark.parametrize("name", NAMES)
def test_a_controller_carries_out_what_it_owns_and_nothing_else(name: str) -> None:
    assert methods(name, "action_") == set(OWNERS.get(name, ()))


def test_every_action_has_exactly_one_owner() -> None:
    owned = [verb for verbs in OWNERS.values() for verb in verbs]
    assert len(owned) == len(set(owned))
    ours = {action.verb or action.id for action in ACTIONS if not action.call}
    assert set(owned) == ours | {"run_command"}, "the last one is of every command of the user's own"
    assert set(OWNERS) | {name for heard_by in ROUTES.values() for name in heard_by} == set(NAMES)
    for action in ACTIONS:
        assert action.call or owner_of(action.verb or action.id) in NAMES


def test_every_binding_performs_an_action_by_its_id() -> None:
    assert {(binding.id, binding.action) for binding in bindings()} == {
        (action.id, f"perform('{action.id}')") for action in ACTIONS if action.key
    }


def test_every_tab_of_the_dock_is_made_and_those_that_read_are_read() -> None:
    assert tuple(TABS) == DOCK
    assert {name for name, tab in TABS.items() if tab.reads} == set(READS)
    assert [pane.id for pane in dock_panes()] == list(DOCK)


@pytest.mark.parametrize("name", NAMES)
def test_a_controller_does_not_know_another(name: str) -> None:
    module = import_module(f"{controllers.__name__}.{name}")
    known = {found for _, found in getmembers(module, isclass) if issubclass(found, Controller)}
    assert known == {Controller, controller(name)}
    source = module.__loader__.get_source(module.__name__)  # type: ignore[union-attr]
    assert source is not None
    assert f"{controllers.__name__}." not in source
