"""The entry under the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sloth_tui.tui import messages
from sloth_tui.tui.browser.controllers.entry import EntryController
from sloth_tui.tui.widgets.key_table.marks import Marks

if TYPE_CHECKING:
    from unittest.mock import Mock

    from tests.tui.browser.fake import Fake


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


def test_a_store_of_another_agent_changes_nothing(fake: Fake) -> None:
    entry = EntryController(fake.context)
    entry.on_store_opened(messages.StoreOpened("other", "/x", exists=True))
    entry.on_store_failed(messages.StoreFailed("other", "gone", None))
    cast("Any", fake.context.lazy).detail.show.assert_not_called()
    fake.services.show_entry.assert_not_called()


def test_one_key_at_a_time_is_changed(fake: Fake) -> None:
    entry, operations = EntryController(fake.context), cast("Mock", fake.context.operations)
    fake.table.marks = Marks()
    fake.table.marks.add(["a", "b"])
    entry.action_rename_key()
    assert "2 keys are marked" in operations.notify.call_args.args[0]
    fake.table.marks.clear()
    fake.table.row = None
    entry.action_rename_key()
    operations.notify.assert_called_with("no key is chosen")
    cast("Mock", fake.context.workers).change.assert_not_called()
