"""The dock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from unittest.mock import Mock

from sloth_tui.model import Query, Stats
from sloth_tui.tui import messages
from sloth_tui.tui.browser.controllers.dock import DockController
from sloth_tui.tui.widgets.key_table.filter_bar import FilterBar
from sloth_tui.tui.widgets.title_bar import TitleBar

if TYPE_CHECKING:
    from tests.tui.browser.fake import Fake


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
    dock.on_agent_left(messages.AgentLeft("production"))
    for pane in lazy.reading.return_value:
        pane.forget.assert_called_once_with()


def test_nothing_to_act_on_is_said(fake: Fake) -> None:
    lazy, operations = cast("Any", fake.context.lazy), cast("Mock", fake.context.operations)
    lazy.locks.highlighted = lazy.log.highlighted = None
    DockController(fake.context).action_break_lock()
    operations.notify.assert_called_with("no lock is held")
    DockController(fake.context).action_show_change()
    operations.notify.assert_called_with("nothing has been changed yet")


def test_figures_wait_for_the_rows_of_their_agent(fake: Fake) -> None:
    dock, lazy = DockController(fake.context), cast("Any", fake.context.lazy)
    fake.table.outlived = True
    for revision in (6, 7):
        dock.on_writes_counted(messages.WritesCounted(revision, 1.0))
    lazy.stats.count_writes.assert_not_called()
    fake.table.outlived = False
    fake.context.held.rows_came()
    lazy.stats.count_writes.assert_called_once_with(7, 1.0)


def test_a_store_that_fails_leaves_nothing_listed_unless_it_is_of_another_agent(fake: Fake) -> None:
    pane = cast("Any", fake.context.lazy).reading_pane
    fake.context.lazy.reading = lambda: [pane]  # type: ignore[method-assign]
    dock = DockController(fake.context)
    dock.on_store_failed(messages.StoreFailed("other", "gone", None))
    pane.forget.assert_not_called()
    dock.on_store_failed(messages.StoreFailed("local", "gone", None))
    pane.forget.assert_called_once_with()


def test_a_prefix_of_the_figures_becomes_the_filter_and_order_stays(fake: Fake) -> None:
    bar = fake.widget(FilterBar)
    bar.asked = Query(key="x", sort="size", descending=True)
    DockController(fake.context).on_prefix_requested(messages.PrefixRequested("app:"))
    bar.ask.assert_called_once_with(Query(prefix="app:", sort="size", descending=True))
    cast("Mock", fake.context.panes).show.assert_called_once_with("keys")
