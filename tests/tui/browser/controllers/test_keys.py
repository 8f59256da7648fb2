"""The filter and the key table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sloth_tui.model import Query
from sloth_tui.tui import messages
from sloth_tui.tui.browser.controllers.keys import KeysController
from sloth_tui.tui.widgets.key_table.filter_bar import FilterBar
from sloth_tui.tui.widgets.key_table.key_table import KeyTable
from tests.tui.browser.fake import ROW, Fake

if TYPE_CHECKING:
    from unittest.mock import Mock


def test_rows_of_an_older_query_are_not_shown(fake: Fake) -> None:
    keys = KeysController(fake.context)
    fake.services.show_rows.side_effect = [4, 5]
    for key in ("a", "b"):
        keys.on_filter_changed(messages.FilterChanged(Query(key=key)))
    keys.on_page_loaded(messages.PageLoaded(4, 0, [ROW]))
    fake.table.load.assert_not_called()
    keys.on_page_loaded(messages.PageLoaded(5, 0, [ROW]))
    fake.table.load.assert_called_once_with(0, [ROW])
    keys.on_agent_left(messages.AgentLeft("production"))
    keys.on_page_loaded(messages.PageLoaded(5, 0, [ROW]))
    assert fake.table.load.call_count == 1
    assert fake.table.outlived


def test_escape_takes_one_step_at_a_time(fake: Fake) -> None:
    keys, panes = KeysController(fake.context), cast("Any", fake.context.panes)
    panes.zoomed, panes.current = True, "log"
    cast("Any", fake.context.workers).forget_marking.side_effect = [True, False, False]
    fake.table.marking.unmark.side_effect = [True, False]
    keys.action_step_back()
    assert not panes.zoomed
    panes.show.assert_not_called()
    keys.action_step_back()
    panes.show.assert_called_once_with("keys")
    panes.current = "keys"
    keys.action_step_back()
    fake.table.marking.unmark.assert_not_called()
    keys.action_step_back()
    fake.widget(FilterBar).clear.assert_not_called()
    keys.action_step_back()
    fake.widget(FilterBar).clear.assert_called_once_with()


def test_a_store_of_another_agent_changes_nothing(fake: Fake) -> None:
    keys = KeysController(fake.context)
    keys.on_store_opened(messages.StoreOpened("other", "/x", exists=True))
    keys.on_store_failed(messages.StoreFailed("other", "gone", None))
    assert set(fake.widgets) == {KeyTable}
    fake.services.show_rows.assert_not_called()


def test_a_key_that_the_filter_hides_is_looked_for_without_it(fake: Fake) -> None:
    keys, bar = KeysController(fake.context), fake.widget(FilterBar)
    fake.services.show_rows.return_value = 1
    hidden = messages.KeyLocated("local", 1, "other", None)
    keys.on_filter_changed(messages.FilterChanged(Query(key="x")))
    bar.asked = Query()
    keys.on_key_located(hidden)
    bar.clear.assert_called_once_with()
    fake.services.find_key.assert_called_once_with("other")
    keys.on_key_located(hidden)
    cast("Mock", fake.context.operations).notify.assert_called_once_with("there is no key other")
    keys.on_key_located(messages.KeyLocated("local", 1, "other", 12))
    fake.table.go_to.assert_called_once_with(12, from_asked=False)


def test_a_place_among_the_rows_of_an_older_query_is_asked_for_again(fake: Fake) -> None:
    keys = KeysController(fake.context)
    fake.services.show_rows.side_effect = [4, 5]
    for key in ("a", "b"):
        keys.on_filter_changed(messages.FilterChanged(Query(key=key)))
    keys.on_key_located(messages.KeyLocated("other", 5, "there", 3))
    fake.services.rows.find.assert_not_called()
    keys.on_key_located(messages.KeyLocated("local", 4, "here", 3, reveals=False))
    fake.table.go_to.assert_not_called()
    fake.services.rows.find.assert_called_once_with("here", reveal=False)


def test_a_key_that_comes_with_the_query_is_looked_for_among_its_rows(fake: Fake) -> None:
    keys = KeysController(fake.context)
    fake.services.show_rows.return_value = 1
    keys.on_filter_changed(messages.FilterChanged(Query(tree=True), ROW.key))
    assert [call[0] for call in fake.services.mock_calls] == ["show_rows", "rows.find"]
    fake.services.rows.find.assert_called_once_with(ROW.key, reveal=False)
