"""What the table shows, where its cursor goes, and how little it asks for."""

from __future__ import annotations

import pytest

from sloth_tui.model import Query
from sloth_tui.tui.widgets.key_table.key_table import KeyTable
from tests.tui.driving import until
from tests.tui.widgets.table_host import TableHost, numbered

MILLION = 1_000_000


async def test_a_million_rows_are_there_at_once_and_few_are_asked_for() -> None:
    app = TableHost(MILLION)
    async with app.run_test(size=(100, 20)) as pilot:
        await pilot.press("end")
        await pilot.pause()
        assert app.shown()[-1] == "key:0999999"
        await pilot.press("pageup", "home")
        await pilot.pause()
        assert app.shown()[0] == "key:0000000"
        assert all(count <= 100 for _, _, count in app.wanted)
        assert len(app.wanted) <= 5


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("down down j", 3),
        ("down down k up up", 0),
        ("G", 99),
        ("end up", 98),
        ("G g", 0),
        ("pagedown", 18),
        ("pagedown pagedown ctrl+b", 18),
        ("ctrl+d", 9),
        ("ctrl+f ctrl+u", 9),
        ("home pageup", 0),
        ("end pagedown", 99),
    ],
)
async def test_keys_move_the_cursor_and_keep_it_on_screen(keys: str, line: int) -> None:
    app = TableHost(100)
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.press(*keys.split())
        await pilot.pause()
        assert app.table.cursor == line
        assert app.table.top <= line < app.table.top + app.table.lines_on_screen
        (marked,) = [text for text in app.lines()[1:] if text.startswith("▌")]
        assert f"key:{line:07}" in marked


async def test_a_page_down_scrolls_by_a_page() -> None:
    app = TableHost(100)
    async with app.run_test(size=(80, 20)) as pilot:
        height = app.table.lines_on_screen
        await pilot.press("down", "pagedown")
        assert (app.table.top, app.table.cursor) == (height, height + 1)


async def test_clicks_move_choose_and_sort() -> None:
    app = TableHost(100)
    async with app.run_test(size=(120, 20)) as pilot:
        await pilot.click(KeyTable, offset=(10, 4))
        assert app.table.cursor == 3
        assert app.chosen == []
        await pilot.click(KeyTable, offset=(10, 6), times=2)
        assert app.chosen == ["key:0000005"]
        heading = app.lines()[0]
        for title in ("size", "revision", "key"):
            await pilot.click(KeyTable, offset=(heading.index(title), 0))
        await pilot.click(KeyTable, offset=(heading.index("value"), 0))
        await pilot.pause()
        assert app.sorted_by == ["size", "revision", "key"]


async def test_a_click_below_the_last_row_does_nothing() -> None:
    app = TableHost(3)
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.click(KeyTable, offset=(10, 9))
        assert app.table.cursor == 0


async def test_scrolling_leaves_the_cursor_and_asks_for_the_rows_that_come() -> None:
    app = TableHost(1000)
    async with app.run_test(size=(80, 20)) as pilot:
        for _ in range(30):
            app.table.scroll_relative(y=3, animate=False)
        await pilot.pause()
        assert app.shown()[0] == "key:0000090"
        assert app.table.cursor == 0


async def test_enter_chooses_the_row_under_the_cursor() -> None:
    app = TableHost(10)
    async with app.run_test() as pilot:
        await pilot.press("down", "enter")
        await pilot.pause()
        assert app.chosen == ["key:0000001"]


async def test_only_keys_the_cursor_rests_on_are_highlighted() -> None:
    app = TableHost(1000)
    async with app.run_test(size=(80, 20)) as pilot:
        await until(lambda: app.highlighted == ["key:0000000"])
        for _ in range(200):
            app.table.action_move(1)
        await until(lambda: app.highlighted[-1:] == ["key:0000200"])
        assert len(app.highlighted) < 10
        await pilot.press("up")
        await until(lambda: app.highlighted[-1:] == ["key:0000199"])


async def test_no_key_is_highlighted_where_there_is_none() -> None:
    app = TableHost(3)
    async with app.run_test():
        await until(lambda: app.highlighted == ["key:0000000"])
        app.count = 0
        app.ask(Query(key="none"))
        await until(lambda: app.highlighted == ["key:0000000", None])


class TestAnswers:
    async def test_the_old_rows_stay_until_the_first_of_the_new_ones_are_here(self) -> None:
        app = TableHost(100)
        async with app.run_test(size=(80, 20)) as pilot:
            await pilot.press("G")
            await pilot.pause()
            app.answering = False
            app.count = 5
            app.row = lambda number: numbered(number + 500)
            app.ask(Query(key="5"))
            await pilot.pause()
            assert app.shown()[-1] == "key:0000099"
            app.answer(0, 5)
            assert app.shown() == [f"key:{number:07}" for number in range(500, 505)]
            assert app.table.cursor == 0

    async def test_the_cursor_keeps_its_key_where_the_new_first_page_has_it(self) -> None:
        app = TableHost(100)
        async with app.run_test(size=(80, 20)) as pilot:
            await pilot.press(*["down"] * 6)
            app.row = lambda number: numbered(number * 2)
            app.ask(Query(key="0"))
            await pilot.pause()
            assert app.table.key == "key:0000006"
            assert app.table.cursor == 3

    async def test_a_growing_answer_does_not_move_anything(self) -> None:
        app = TableHost(100)
        async with app.run_test(size=(80, 20)) as pilot:
            app.count = 200
            app.ask(Query(key="k"), complete=False)
            await pilot.press("down", "down")
            app.table.index(MILLION, complete=True)
            app.count = MILLION
            await pilot.pause()
            assert app.table.cursor == 2
            await pilot.press("G")
            await pilot.pause()
            assert app.table.key == "key:0999999"

    async def test_the_cursor_goes_to_a_row_of_an_answer_that_is_still_awaited(self) -> None:
        app = TableHost(1000, quiet=True)
        async with app.run_test(size=(80, 20)) as pilot:
            app.table.go_to(500)
            await pilot.pause()
            _, first, count = app.wanted[-1]
            app.answering = True
            app.answer(first, count)
            await pilot.pause()
            assert app.table.key == "key:0000500"
            assert "key:0000500" in app.shown()


class TestChanges:
    async def test_the_cursor_stays_on_its_key_and_on_its_line_of_the_screen(self) -> None:
        app = TableHost(1000)
        async with app.run_test(size=(80, 20)) as pilot:
            await pilot.press("pagedown", "pagedown", "down")
            await pilot.pause()
            key, line = app.table.key, app.table.cursor - app.table.top
            app.count = 1007
            app.row = lambda number: numbered(number - 7) if number >= 7 else numbered(number)
            app.change(key, app.table.cursor + 7)
            await pilot.pause()
            assert app.table.key == key
            assert app.table.cursor - app.table.top == line

    async def test_the_cursor_stays_on_its_line_when_its_key_is_deleted(self) -> None:
        app = TableHost(100)
        async with app.run_test(size=(80, 20)) as pilot:
            await pilot.press("down", "down")
            app.count = 99
            app.row = lambda number: numbered(number if number < 2 else number + 1)
            app.change("key:0000002", None)
            await pilot.pause()
            assert app.table.cursor == 2
            await until(lambda: app.highlighted[-1:] == ["key:0000003"])

    async def test_a_cursor_that_has_just_moved_on_stays_on_its_new_key(self) -> None:
        app = TableHost(100)
        async with app.run_test(size=(80, 20)) as pilot:
            await pilot.press("down", "down")
            app.count = 101
            app.row = lambda number: numbered(number if number < 2 else number - 1)
            app.change("key:0000001", 1)
            await pilot.pause()
            assert app.table.key == "key:0000002"
            assert app.table.cursor == 3

    async def test_a_cursor_that_has_moved_on_is_not_taken_back(self) -> None:
        app = TableHost(100)
        async with app.run_test(size=(80, 20)) as pilot:
            await pilot.press("down", "down")
            app.change("key:0000000", 50)
            await pilot.pause()
            assert app.table.cursor == 2

    async def test_a_page_down_while_changed_rows_are_awaited_is_not_undone(self) -> None:
        app = TableHost(1000)
        async with app.run_test(size=(80, 20)) as pilot:
            await pilot.press("down")
            app.answering = False
            app.change("key:0000001", 1)
            await pilot.press("pagedown")
            await pilot.pause()
            cursor, (_, first, count) = app.table.cursor, app.wanted[-1]
            app.answer(first, count)
            assert app.table.cursor == cursor > 10
            assert app.table.top > 10

    async def test_a_changed_value_is_drawn_and_stands_out_for_a_moment(self) -> None:
        app = TableHost(100)
        async with app.run_test(size=(80, 20)) as pilot:
            await pilot.pause()
            app.row = lambda number: numbered(number)._replace(preview="new" if number == 3 else "same")
            app.change()
            app.row = lambda number: numbered(number)._replace(
                preview="newer" if number == 3 else "same", revision=5000 if number == 3 else 1
            )
            app.change()
            await pilot.pause()
            (line,) = [text for text in app.lines() if "newer" in text]
            assert line.startswith(" •")
            await until(lambda: not any("•" in text for text in app.lines()))

    async def test_the_end_of_a_table_that_shrinks_is_empty(self) -> None:
        app = TableHost(100)
        async with app.run_test(size=(80, 20)) as pilot:
            await pilot.press("G")
            app.count = 3
            app.change("key:0000099", None)
            await pilot.pause()
            assert app.shown() == ["key:0000000", "key:0000001", "key:0000002"]
            assert app.table.cursor == 2

    async def test_nothing_is_left_of_a_table_that_was_cleared(self) -> None:
        app = TableHost(100)
        async with app.run_test(size=(80, 20)) as pilot:
            app.count = 0
            app.change("key:0000000", None)
            await pilot.pause()
            assert app.shown() == []
            await until(lambda: app.highlighted[-1:] == [None])

    async def test_a_row_that_is_gone_says_so(self) -> None:
        app = TableHost(5, lambda number: None if number == 2 else numbered(number))
        async with app.run_test(size=(80, 20)) as pilot:
            await pilot.pause()
            assert app.shown() == ["key:0000000", "key:0000001", "(gone)", "key:0000003", "key:0000004"]


async def test_the_cursor_is_drawn_on_the_line_it_was_sent_to_while_rows_change() -> None:
    app = TableHost(50)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        app.change()
        app.table.go_to(5)
        await until(lambda: app.table.key == "key:0000005")
        await pilot.pause()
        painted = ["".join(part.text for part in strip) for strip in app.screen._compositor.render_strips()]
        assert [line.split()[1] for line in painted if line.startswith("▌")] == ["key:0000005"]
