"""The registry, and that keys, palette and help are drawn from it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from textual.command import CommandPalette
from textual.widgets import Input

from sloth_tui.model import SORT_COLUMNS
from sloth_tui.store import open_store
from sloth_tui.tui.actions import (
    ACTIONS,
    ALL_ACTIONS,
    ON_EVERY_SCREEN,
    PANES,
    bindings,
    is_of_runs,
    run_bindings,
    shown_key,
)
from sloth_tui.tui.actions.runs import RUN_ACTIONS, RUN_VIEWS
from sloth_tui.tui.browser.routes import owner_of
from sloth_tui.tui.browser.screen import BrowserScreen
from sloth_tui.tui.dialogs.confirm import ConfirmScreen
from sloth_tui.tui.dialogs.help import HelpScreen
from sloth_tui.tui.palette import match
from sloth_tui.tui.run_screen.owners import owner_of as who_runs
from sloth_tui.tui.widgets.title_bar import TitleBar
from tests.tui.driving import running, until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


def test_no_key_means_two_things_and_every_action_can_be_carried_out() -> None:
    keys = Counter(
        (key, pane)
        for action in ALL_ACTIONS
        for key in action.key.split(",")
        for pane in action.panes or PANES
        if key
    )
    assert [key for key, times in keys.items() if times > 1] == []
    assert len({action.id for action in ALL_ACTIONS}) == len(ALL_ACTIONS)
    for action in ALL_ACTIONS:
        verb = action.verb or action.id
        owner = who_runs(verb) if is_of_runs(action) else action.call or owner_of(verb)
        assert owner, action.id
        assert set(action.panes) <= set(PANES) | set(RUN_VIEWS)
        assert len(action.label.split()) <= 2
        assert len(action.help) <= 45, "the palette of a narrow terminal has no room for more"


def test_bindings_carry_the_ids_of_actions() -> None:
    assert {binding.id for binding in bindings()} == {action.id for action in ACTIONS if action.key}
    own = {action.id for action in RUN_ACTIONS if action.key}
    shared = {action.id for action in ACTIONS if not set(action.panes).isdisjoint(RUN_VIEWS)}
    assert {binding.id for binding in run_bindings()} == own | shared | set(ON_EVERY_SCREEN)


async def test_help_lists_every_key(believable: Path) -> None:
    async with running(size=(160, 60)) as app:
        await app.press("question_mark")
        await until(lambda: isinstance(app.app.screen, HelpScreen))
        await app.sees("Show every key")
        text = " ".join(app.text().split())
        for action in ACTIONS:
            if action.key and not action.id.startswith("show_"):
                assert shown_key(action.key) in text
                assert action.help.split()[0] in text
        await app.sees("1-7      Go to agents, keys, detail")
        await app.press("question_mark")
        await until(lambda: isinstance(app.app.screen, BrowserScreen))
        await app.pilot.resize_terminal(60, 20)
        await app.press("f1")
        await app.sees("Help")
        assert "Up, down" not in app.text()
        await app.press("G")
        await app.sees("Up, down")


async def test_palette_finds_actions_with_their_keys_and_carries_them_out(believable: Path) -> None:
    async with running() as app:
        await app.goes_to("deployment:status")
        await app.press("ctrl+p")
        await app.sees("e      Edit the value of this key")
        await app.press(*"clear every")
        await app.sees("Clear every key of this agent")
        await app.press("escape", "ctrl+p", *"delete this key")
        await app.picks("d      Delete this key")
        await until(lambda: isinstance(app.app.screen, ConfirmScreen))
        await app.sees("Delete 1 key?")
        await app.press("ctrl+p")
        assert isinstance(app.app.screen, ConfirmScreen)


async def test_palette_offers_what_the_pane_can_do_first_and_sets_themes(believable: Path) -> None:
    async with running() as app:
        await app.press("1", "ctrl+p")
        await app.sees("n      Make an agent with an empty store")
        lines = [
            line for line in app.text().split("\n") if "Make an agent" in line or "Edit the value" in line
        ]
        assert "Make an agent" in lines[0]
        await app.press(*"theme nord")
        await app.picks("theme nord")
        await until(lambda: app.app.theme == "nord")
        await app.press("t")
        await until(lambda: isinstance(app.app.screen, CommandPalette))
        await app.press(*"h-day")
        await app.picks("sloth-day")
        await until(lambda: app.app.theme == "sloth-day")


async def test_palette_goes_to_agents_and_keys_and_sorts_by_every_column(believable: Path) -> None:
    async with running() as app:
        await app.sees("production")
        await app.press("a")
        await until(lambda: isinstance(app.app.screen, CommandPalette))
        await app.press(*"pr")
        await app.picks("agent production")
        await until(lambda: app.find(TitleBar).agent == "production")
        app.browser.choose_agent("local")
        await app.sees("deployment:version")
        await app.press("colon", *"tab")
        await app.picks("table:limits")
        await until(lambda: app.table.key == "table:limits")
        await app.press("slash", *"dep")
        await until(lambda: app.table.count == 4)
        # A key that the filter hides is still gone to.
        await app.goes_to("flag:enabled")
        assert app.table.key == "flag:enabled"
        assert app.find(Input).value == ""
        await app.press("ctrl+p", *"by size")
        await app.picks("Sort the keys by size")
        await until(lambda: app.table.answered.sort == "size")
        for column in SORT_COLUMNS:
            app.browser.perform(f"sort_by_{column}")
            await until(lambda: app.table.answered.sort == column, what=column)  # noqa: B023  # awaited here


async def test_a_table_is_folded_and_unfolded_as_a_whole(believable: Path) -> None:
    with open_store("local", "write") as store:
        store.set("nested", {"limits": {"cpu": 2}})
    async with running() as app:
        await app.goes_to("nested")
        await app.sees('"cpu": 2')
        await app.press("3", "shift+left")
        await app.loses('"cpu": 2')
        await app.press("shift+right")
        await app.sees('"cpu": 2')


async def test_keys_of_a_pane_do_nothing_elsewhere_and_are_not_in_its_footer(believable: Path) -> None:
    async with running() as app:
        await app.press("5")
        await until(lambda: "d Delete" not in app.glance())
        await app.press("d")
        assert isinstance(app.app.screen, BrowserScreen)
        await app.press("4")
        await app.sees("b Break")


def test_match_prefers_the_beginning_then_the_whole_then_the_letters() -> None:
    scores = [match("del", text)[0] for text in ("delete", "undelete", "d-e-l", "lead")]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] == 0
    assert match("del", "undelete")[1] == [2, 3, 4]


def test_match_takes_no_longer_for_a_text_made_to_be_slow() -> None:
    """A search for the best of all ways would look at more than 10**12 of them."""
    assert match("aaaaab", "a" * 4000) == (0.0, [])


def test_shown_keys_are_what_is_printed_on_keyboards() -> None:
    assert [shown_key(key) for key in ("slash", "q,ctrl+q", "ctrl+q", "shift+tab", "f5")] == [
        "/",
        "q",
        "^q",
        "⇧tab",
        "f5",
    ]


async def test_every_list_has_the_keys_of_vi_beside_the_arrows(believable: Path) -> None:
    async with running() as app:
        lists = [
            widget for widget in app.browser.query("*") if widget.can_focus and not isinstance(widget, Input)
        ]
        assert len(lists) >= 8
        for widget in lists:
            keys = {key for node in widget.ancestors_with_self[:-2] for key in node._bindings.key_to_bindings}
            assert {"j", "k", "g", "G", "ctrl+d", "ctrl+u"} <= keys, widget
