"""Folding, sorting and deleting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sloth_tui.model import SORT_COLUMNS, Query
from sloth_tui.tui.browser.controllers.tree import TreeController
from sloth_tui.tui.widgets.key_table.filter_bar import FilterBar
from tests.tui.browser.fake import ROW, Fake

if TYPE_CHECKING:
    from unittest.mock import Mock


def test_what_is_chosen_is_deleted_and_nothing_is_said_to_be(fake: Fake) -> None:
    operations = cast("Mock", fake.context.operations)
    TreeController(fake.context).action_delete_key()
    operations.delete.assert_called_once_with([ROW.key])
    fake.table.row = None
    TreeController(fake.context).action_delete_key()
    operations.notify.assert_called_once_with("no key is chosen")


async def test_of_a_node_only_what_passes_the_filter_is_deleted(fake: Fake) -> None:
    operations, workers = cast("Any", fake.context.operations), cast("Any", fake.context.workers)
    deleted: list[object] = []

    async def note(what: object) -> None:
        deleted.append(what)

    async def markable(found: object) -> list[str]:
        return ["deploy:a"]

    operations.clear = operations.delete = note
    workers.markable = markable
    fake.table.row = ROW._replace(key="deploy:", keys=2)
    for query in (Query(), Query(key="a")):
        fake.widget(FilterBar).asked = query
        TreeController(fake.context).action_delete_key()
        await workers.change.call_args.args[0]
    assert deleted == ["deploy:", ["deploy:a"]]


def test_sorting_goes_round_the_columns(fake: Fake) -> None:
    bar, tree = fake.widget(FilterBar), TreeController(fake.context)
    sorted_by = []
    for column in SORT_COLUMNS:
        bar.asked = Query(sort=column)
        tree.action_sort_next()
        sorted_by.append(bar.sort_by.call_args.args[0])
    assert sorted_by == [*SORT_COLUMNS[1:], SORT_COLUMNS[0]]


def test_folding_keeps_the_cursor_on_its_key(fake: Fake) -> None:
    bar = fake.widget(FilterBar)
    bar.asked = Query(tree=False)
    TreeController(fake.context).action_toggle_tree()
    bar.fold.assert_called_once_with(ROW.key, tree=True)
