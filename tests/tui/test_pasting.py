"""What is pasted arrives as it was copied: line ends as lines in a text, as blanks in a field of one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from textual.events import Paste
from textual.widgets import Input, TextArea

from sloth_tui.store import open_store
from sloth_tui.tui.dialogs.edit import EditScreen
from sloth_tui.tui.dialogs.prompt import PromptScreen
from sloth_tui.tui.editing import keep_typable
from sloth_tui.tui.widgets.key_table.filter_bar import FilterBar
from tests.tui.driving import running, until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

PASTED = "one\rtwo\r\nthree\n\n\tfour"


@pytest.mark.parametrize(
    ("pasted", "in_lines", "in_one"),
    [
        (PASTED, "one\ntwo\nthree\n\n\tfour", "one two three  four"),
        ("a\rb", "a\nb", "a b"),
        ("a\r\n", "a\n", "a"),
        ("\r\na\r\r\nb", "\na\n\nb", "a b"),
        ("a\tb", "a\tb", "a b"),
        (" a  b ", " a  b ", " a  b "),
        ("\n", "\n", ""),
    ],
)
def test_line_ends_and_tabs(pasted: str, in_lines: str, in_one: str) -> None:
    assert keep_typable(pasted, lines=True) == (in_lines, 0)
    assert keep_typable(pasted, lines=False) == (in_one, 0)


def test_what_acts_on_a_terminal_is_left_out_and_counted() -> None:
    assert keep_typable("a\x1b[31m\x00b\u202e", lines=True) == ("a[31mb", 3)
    assert keep_typable("a\x1b\rb\x9b", lines=False) == ("a b", 2)


async def test_into_the_editor_and_a_value_keeps_its_own_line_ends_when_it_is_edited(
    believable: Path,
) -> None:
    with open_store("local", "write") as store:
        store.set("crlf", "one\r\ntwo\rthree\n\tfour")
    async with running() as app:
        await app.goes_to("crlf")
        await app.press("e")
        await until(lambda: isinstance(app.app.screen, EditScreen), seconds=60)
        area = app.on_top(TextArea)
        area.text = area.text.replace("two", "2")
        await app.press("ctrl+s")
        await until(lambda: not isinstance(app.app.screen, EditScreen), seconds=60)
        with open_store("local", "read") as store:
            assert store.get("crlf") == "one\r\n2\rthree\n\tfour"

        await app.goes_to("deployment:version")
        await app.press("e")
        await until(lambda: isinstance(app.app.screen, EditScreen), seconds=60)
        area = app.on_top(TextArea)
        await until(lambda: area.has_focus, seconds=60)
        area.text = ""
        app.app.post_message(Paste(PASTED))
        await until(lambda: area.text != "", seconds=60)
        assert area.text == "one\ntwo\nthree\n\n\tfour"
        await app.press("ctrl+s")
        await until(lambda: not isinstance(app.app.screen, EditScreen), seconds=60)
        with open_store("local", "read") as store:
            assert store.get("deployment:version") == "one\ntwo\nthree\n\n\tfour"


async def test_into_fields_of_one_line(believable: Path) -> None:
    async with running() as app:
        await app.press("slash")
        field = app.find(FilterBar).query_one(Input)
        await until(lambda: field.has_focus, seconds=60)
        app.app.post_message(Paste("deployment\rver\tsion\r\n"))
        await until(lambda: field.value != "", seconds=60)
        assert field.value == "deployment ver sion"
        await app.press("escape", "D")
        await until(lambda: isinstance(app.app.screen, PromptScreen), seconds=60)
        prompt = app.on_top(Input)
        await until(lambda: prompt.has_focus, seconds=60)
        prompt.value = ""
        # What was copied in here, out of a text of lines, is pasted by another way.
        app.app.copy_to_clipboard(PASTED)
        await app.press("ctrl+v")
        await until(lambda: prompt.value != "", seconds=60)
        assert prompt.value == "one two three  four"
        await app.press("escape", "n")
        await until(lambda: isinstance(app.app.screen, EditScreen), seconds=60)
        key = app.on_top(Input, "#edit-key")
        await until(lambda: key.has_focus, seconds=60)
        key.value = ""
        app.app.post_message(Paste("a\rb\r"))
        await until(lambda: key.value != "", seconds=60)
        assert key.value == "a b"
        await app.press("escape")
        if isinstance(app.app.screen, EditScreen):
            await app.press("escape")
        await app.press("ctrl+p")
        await until(lambda: app.app.screen.query(Input), seconds=60)
        palette = app.on_top(Input)
        await until(lambda: palette.has_focus, seconds=60)
        app.app.post_message(Paste("lea\rve"))
        await until(lambda: palette.value != "", seconds=60)
        assert palette.value == "lea ve"
