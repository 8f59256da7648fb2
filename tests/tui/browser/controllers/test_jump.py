"""Where text can be clicked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from sloth_tui.tui.browser.controllers.jump import JumpController, find_spans

if TYPE_CHECKING:
    from tests.tui.browser.fake import Fake


def strip(*parts: tuple[str, object]) -> Strip:
    return Strip([Segment(text, Style(meta={"@click": mark}) if mark else None) for text, mark in parts])


def test_each_text_that_can_be_clicked_is_found_where_it_begins() -> None:
    strips = [
        strip(("ab", None), ("cd", "one"), ("e", "one"), ("f", "two")),
        strip(("gh", None), ("ij", "one")),
    ]
    # The second line goes on with what begins above it.
    assert list(find_spans(strips, "@click")) == [(2, 0, "one"), (5, 0, "two")]


def test_the_same_text_elsewhere_is_another_one() -> None:
    strips = [strip(("ab", "one")), strip(("x", None), ("ab", "one")), strip(("ab", "one"))]
    assert [place[:2] for place in find_spans(strips, "@click")] == [(0, 0), (1, 1), (0, 2)]


def test_nothing_is_labelled_before_the_panes_are_there(fake: Fake) -> None:
    fake.context.lazy.loaded = False
    JumpController(fake.context).action_jump()
    fake.screen.app.push_screen.assert_not_called()
