"""Controllers alone, on a screen and services that only remember what they were asked."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from unittest.mock import Mock

import pytest

from sloth_tui.model import Query, Row, Stats
from sloth_tui.tui import messages
from sloth_tui.tui.browser.context import Context, Controller
from sloth_tui.tui.browser.controllers.agents import AgentsController
from sloth_tui.tui.browser.controllers.dock import DockController
from sloth_tui.tui.browser.controllers.entry import EntryController
from sloth_tui.tui.browser.controllers.keys import KeysController
from sloth_tui.tui.browser.controllers.panes import PanesController
from sloth_tui.tui.browser.controllers.run import RunController
from sloth_tui.tui.browser.controllers.tree import TreeController
from sloth_tui.tui.widgets.key_table.filter_bar import FilterBar
from sloth_tui.tui.widgets.key_table.key_table import KeyTable
from sloth_tui.tui.widgets.title_bar import TitleBar

if TYPE_CHECKING:
    from collections.abc import Callable

ROW = Row("deploy:version", "1.4", "string", 3, 1_700_000_000.0, 7)


class Fake:
    """A context whose widgets, services and operations are mocks, one of each."""

    def __init__(self) -> None:
        self.widgets: dict[object, Mock] = {}
        self.told: list[str] = []
        self.table = self.widget(KeyTable)
        self.table.row, self.table.outlived, self.table.marks = ROW, False, []
        screen = Mock()
        screen.query_one = self.widget
        screen.app = Mock()
        services = Mock()
        services.agent = "local"
        self.context = Context(
            screen,
            services,
            Mock(now=SimpleNamespace(collapsed=(), sizes={})),
            tell=lambda news: self.told.append(type(news).__name__),
            perform=Mock(),
            current_changed=Mock(),
        )
        self.services = services
        self.screen = screen
        self.context.operations = Mock()
        self.context.workers = Mock()
        self.context.panes = Mock(current="keys", zoomed=False, in_sight=frozenset({"keys", "detail"}))
        self.context.lazy = Mock(loaded=True)
        self.context.answers = True

    def widget(self, kind: object) -> Mock:
        return self.widgets.setdefault(kind, Mock())


@pytest.fixture
def fake() -> Fake:
    return Fake()


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


def test_an_agent_on_screen_is_not_chosen_again(fake: Fake) -> None:
    agents = AgentsController(fake.context)
    agents.on_agent_chosen(messages.AgentChosen("local"))
    assert fake.told == []
    agents.on_agent_chosen(messages.AgentChosen("production"))
    assert fake.told == ["AgentLeft"]


def test_news_of_another_agent_change_nothing(fake: Fake) -> None:
    for kind in (AgentsController, EntryController, KeysController):
        kind(fake.context).on_store_opened(messages.StoreOpened("other", "/x", exists=True))
        kind(fake.context).on_store_failed(messages.StoreFailed("other", "gone", None))
    DockController(fake.context).on_store_failed(messages.StoreFailed("other", "gone", None))
    assert fake.context.answers
    assert set(fake.widgets) == {KeyTable}
    fake.services.show_rows.assert_not_called()
    fake.services.show_entry.assert_not_called()


def test_rows_of_an_older_query_are_not_shown(fake: Fake) -> None:
    keys = KeysController(fake.context)
    fake.services.show_rows.side_effect = [4, 5]
    for key in ("a", "b"):
        keys.on_filter_changed(messages.FilterChanged(Query(key=key)))
    keys.on_page_loaded(messages.PageLoaded(4, 0, [ROW]))
    fake.table.load.assert_not_called()
    keys.on_page_loaded(messages.PageLoaded(5, 0, [ROW]))
    fake.table.load.assert_called_once_with(0, [ROW])
    keys.on_agent_left(messages.AgentLeft())
    keys.on_page_loaded(messages.PageLoaded(5, 0, [ROW]))
    assert fake.table.load.call_count == 1
    assert fake.table.outlived


def test_escape_takes_one_step_at_a_time(fake: Fake) -> None:
    keys, panes = KeysController(fake.context), cast("Any", fake.context.panes)
    panes.zoomed, panes.current = True, "log"
    fake.table.marking.unmark.side_effect = [True, False]
    keys.action_step_back()
    assert not panes.zoomed
    panes.show.assert_not_called()
    keys.action_step_back()
    panes.show.assert_called_once_with("keys")
    panes.current = "keys"
    keys.action_step_back()
    fake.widget(FilterBar).clear.assert_not_called()
    keys.action_step_back()
    fake.widget(FilterBar).clear.assert_called_once_with()


def test_who_follows_the_entry_on_screen_hears_of_it_and_of_no_other(fake: Fake) -> None:
    entry = EntryController(fake.context)
    heard: list[str] = []
    entry.on_row_highlighted(messages.RowHighlighted("a"))
    with entry._feed.followed_by(lambda key, _: heard.append(key)):
        entry.on_entry_read(messages.EntryRead("a", None))
        entry.on_entry_read(messages.EntryRead("b", None))
        fake.context.answers = False
        entry.on_entry_read(messages.EntryRead("a", None))
        fake.context.answers = True
    entry.on_entry_read(messages.EntryRead("a", None))
    assert heard == ["a"]


def test_a_masked_value_is_not_opened(fake: Fake) -> None:
    entry, detail = EntryController(fake.context), cast("Any", fake.context.lazy).detail
    fake.services.is_secret.return_value, detail.hidden = True, True
    entry.action_edit_value()
    assert "masked" in cast("Any", fake.context.operations).notify.call_args.args[0]
    cast("Mock", fake.context.workers).change.assert_not_called()


def test_a_tab_that_is_chosen_again_is_entered(fake: Fake) -> None:
    entry, lazy, panes = EntryController(fake.context), cast("Any", fake.context.lazy), fake.context.panes
    lazy.detail.tab = "value"
    entry.action_history_tab()
    cast("Mock", panes).show.assert_not_called()
    lazy.detail.tab = "history"
    entry.action_history_tab()
    cast("Mock", panes).show.assert_called_once_with("detail")


def test_what_the_dock_lists_is_only_that_of_the_agent_that_answers(fake: Fake) -> None:
    dock, lazy = DockController(fake.context), cast("Any", fake.context.lazy)
    stats = Mock(spec=Stats, total_keys=12)
    dock.on_tab_read(messages.TabRead("stats", stats))
    assert fake.widget(TitleBar).total == 12
    fake.context.answers = False
    dock.on_tab_read(messages.TabRead("stats", stats))
    lazy.reading_pane.assert_called_once_with("stats")
    lazy.reading_pane.return_value.take.assert_called_once_with(stats)
    lazy.reading.return_value = [Mock(), Mock()]
    dock.on_agent_left(messages.AgentLeft())
    for pane in lazy.reading.return_value:
        pane.forget.assert_called_once_with()


def test_nothing_to_act_on_is_said(fake: Fake) -> None:
    lazy, operations = cast("Any", fake.context.lazy), cast("Any", fake.context.operations)
    lazy.locks.highlighted = lazy.log.highlighted = fake.table.row = None
    fake.services.stop_run.return_value = False
    asked: list[tuple[Callable[[], None], str]] = [
        (DockController(fake.context).action_break_lock, "no lock is held"),
        (DockController(fake.context).action_show_change, "nothing has been changed yet"),
        (RunController(fake.context).action_stop_run, "nothing is running"),
        (TreeController(fake.context).action_delete_key, "no key is chosen"),
        (EntryController(fake.context).action_rename_key, "no key is chosen"),
    ]
    for action, words in asked:
        action()
        operations.notify.assert_called_with(words)


def test_a_pane_grows_into_its_neighbour(fake: Fake) -> None:
    panes = cast("Any", fake.context.panes)
    panes.shape = SimpleNamespace(agents=22, detail=40, dock=10)
    fake.screen.app.size.width = 120
    controller = PanesController(fake.context)
    controller.action_wider()
    note = cast("Mock", fake.context.ui_state.note)
    assert next(call.kwargs["sizes"] for call in note.call_args_list) == {"normal": {"detail": 38}}


async def test_a_run_shows_its_pane_only_when_a_file_was_chosen(fake: Fake) -> None:
    operations, workers = cast("Any", fake.context.operations), cast("Mock", fake.context.workers)
    chosen: list[asyncio.Future[str | None]] = []

    async def choose() -> str | None:
        return await chosen[-1]

    operations.choose_file = choose
    run = RunController(fake.context)
    for path in (None, "a.lua"):
        chosen.append(asyncio.get_running_loop().create_future())
        chosen[-1].set_result(path)
        run.action_run_file()
        await workers.change.call_args.args[0]
    fake.services.run_file.assert_called_once_with("a.lua")
    cast("Mock", fake.context.panes).show.assert_called_once_with("run")


def test_a_controller_has_what_it_acts_on_from_its_context(fake: Fake) -> None:
    made = Controller(fake.context)
    assert (made.screen, made.services, made.panes) == (fake.screen, fake.services, fake.context.panes)
