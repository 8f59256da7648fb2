"""Views of lines: each character is seen, whatever comes and goes beside it."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from sloth_tui.tui.widgets.line_view import LineView

LINE = "abcdefghijklmnopqrstuvwxyz0123"
"""As wide as the view without a scroll bar."""


class Page(App[None]):
    CSS = "LineView { height: 1fr; }"

    def compose(self) -> ComposeResult:
        yield LineView()


def numbered(number: int) -> str:
    return f"{number}{LINE[1:]}"


def shown(view: LineView) -> list[str]:
    """The rows of the view, without what the scroll bar covers."""
    rows = ["".join(part.text for part in view.render_line(y)) for y in range(view.size.height)]
    return [row[: view.scrollable_content_region.width].rstrip() for row in rows]


@pytest.mark.parametrize("at_once", [True, False], ids=["at-once", "one-by-one"])
async def test_a_scroll_bar_hides_no_character_and_the_end_stays_in_view(at_once: bool) -> None:
    async with Page().run_test(size=(len(LINE), 4)) as pilot:
        view = pilot.app.query_one(LineView)
        view.append_lines([LINE])
        await pilot.pause()
        assert shown(view) == [LINE, "", "", ""]
        if at_once:
            view.append_lines([numbered(number) for number in range(9)])
        else:
            for number in range(9):
                view.append_lines([numbered(number)])
                await pilot.pause()
        await pilot.pause()
        assert view.show_vertical_scrollbar
        last = [numbered(7), numbered(8)]
        assert shown(view) == [part for line in last for part in (line[:-1], line[-1:])]
        view.set_lines([LINE])
        await pilot.pause()
        assert shown(view) == [LINE, "", "", ""]


@pytest.mark.parametrize("lines", [1, 9], ids=["one", "nine"])
async def test_lines_that_came_while_the_view_was_hidden_end_in_view(lines: int) -> None:
    async with Page().run_test(size=(len(LINE), 4)) as pilot:
        view = pilot.app.query_one(LineView)
        view.display = False
        await pilot.pause()
        view.append_lines([numbered(number) for number in range(lines)])
        await pilot.pause()
        view.display = True
        view.append_lines([numbered(9)])
        await pilot.pause()
        view.append_lines(["end"])
        await pilot.pause()
        assert "end" in shown(view)


async def test_whoever_has_scrolled_back_stays_there() -> None:
    async with Page().run_test(size=(len(LINE), 4)) as pilot:
        view = pilot.app.query_one(LineView)
        view.append_lines([numbered(number) for number in range(9)])
        await pilot.pause()
        view.scroll_to(y=2, animate=False)
        await pilot.pause()
        view.append_lines([LINE])
        await pilot.resize_terminal(len(LINE), 5)
        await pilot.pause()
        assert shown(view)[0] == numbered(1)[:-1]
        view.scroll_end(animate=False)
        await pilot.pause()
        view.append_lines(["end"])
        await pilot.pause()
        assert shown(view)[-1] == "end"
