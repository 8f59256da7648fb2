"""Data that attacks: on every surface, no crash and nothing that could act on a terminal."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

import pytest
from textual.events import Paste
from textual.widgets import Static, TextArea

from sloth_tui.model import Origin
from sloth_tui.store import open_store
from sloth_tui.text import display_text
from sloth_tui.tui.browser.screen import BrowserScreen
from sloth_tui.tui.dialogs.change_set import ChangeSetScreen
from sloth_tui.tui.dialogs.confirm import ConfirmScreen
from sloth_tui.tui.dialogs.edit import EditScreen
from sloth_tui.tui.widgets.detail.detail import DetailPane
from sloth_tui.tui.widgets.detail.history_view import DifferenceView, RevisionList
from sloth_tui.tui.widgets.detail.value_view import ValueView
from sloth_tui.tui.widgets.dock.lock_list import LocksPane
from sloth_tui.tui.widgets.dock.run_view import RunPane
from tests.support import rounds
from tests.tui.driving import running, until
from tests.tui.state import HOSTILE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.tui.driving import Driver

pytestmark = pytest.mark.slow


_ACTS = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def inspect(app: Driver) -> None:
    """What is on screen is made of harmless characters, and no data was read as markup."""
    text = app.text().replace("\n", "")
    found = _ACTS.search(text)
    assert found is None, f"{found.group()!r} in {text[found.start() - 40 : found.end() + 40]!r}"


@pytest.fixture
def hostile(base: Path) -> Path:
    with open_store("local", "write") as store:
        store.set_many({f"{number:02}{text}": text for number, text in enumerate(HOSTILE)})
        store.set("tables", {text[:50]: [text] for text in HOSTILE})
        store.set("bytes", "".join(HOSTILE).encode())
        for number, text in enumerate(HOSTILE[:12]):
            store.acquire(f"{number:02}{text}", text, 600)
    return base


async def test_table_detail_and_palette_of_every_hostile_entry(hostile: Path) -> None:
    async with running(size=(120, 60)) as app:
        inspect(app)
        for text in ("[/x]", "[red]x[/red]", "[ERROR] x", "[10%]", "[@click=app.quit]click[/]"):
            await app.sees(text)
        detail = app.find(DetailPane)
        with open_store("local", "read") as store:
            keys = list(store.keys())
        assert len(keys) == len(HOSTILE) + 2
        for number, key in enumerate(keys):
            await until(partial(_is_shown, detail, key), what=repr(key))
            for text in (str(detail.query_one("#detail-facts", Static).content), *app.find(ValueView).lines):
                assert display_text(text, lines=True) == text
            if number % 6 == 0:
                await app.pilot.pause()
                inspect(app)
            app.table.action_move(1)
        await app.press("colon")
        await app.sees("bytes")
        inspect(app)
        await app.press("0", "8")
        await app.sees("[red]x[/red]")
        inspect(app)
        await app.picks("08[red]x[/red]")
        await until(lambda: app.table.key == f"08{HOSTILE[8]}")


async def test_tabs_of_the_detail_and_what_changes_an_entry(hostile: Path) -> None:
    with open_store("local", "write", origin=Origin(*HOSTILE[:2], 1, *HOSTILE[7:11])) as store:
        for number in (0, 7, 15, 28, 32):
            store.set(f"{number:02}{HOSTILE[number]}", {HOSTILE[number]: [*HOSTILE]})
            store.set(f"{number:02}{HOSTILE[number]}", "\n".join(HOSTILE))
    async with running(size=(100, 36)) as app:
        detail = app.find(DetailPane)
        for number in (0, 7, 32)[-rounds(2, 3) :]:
            await app.goes_to(f"{number:02}{HOSTILE[number]}")
            await app.press("H")
            await until(lambda: len(app.find(RevisionList).revisions) == 3)
            inspect(app)
            for line in (*app.find(RevisionList).lines, *app.find(DifferenceView).lines):
                assert display_text(line) == line
            app.find(RevisionList).walk_to(1)
            await app.press("I")
            await app.pilot.pause()
            inspect(app)
            await app.press("H")
            for action in ("change_type", "rename_key", "duplicate_key", "restore_revision"):
                app.browser.perform(action)
                await until(lambda: not isinstance(app.app.screen, BrowserScreen))
                await app.pilot.pause()
                inspect(app)
                await app.press("escape")
                await until(lambda: isinstance(app.app.screen, BrowserScreen))
        app.browser.perform("edit_value")
        await until(lambda: isinstance(app.app.screen, EditScreen))
        assert detail.entry is not None
        theirs = "".join(HOSTILE)
        with open_store("local", "write", origin=Origin(*HOSTILE[:2], 1, *HOSTILE[2:4])) as store:
            store.set(detail.entry.key, theirs)
        await app.press("ctrl+s")
        await app.sees("Yours is kept")
        inspect(app)


async def test_dialogs_toasts_and_locks(hostile: Path) -> None:
    async with running(size=(100, 36)) as app:
        for number in (0, 7):
            key = f"{number:02}{HOSTILE[number]}"
            await app.goes_to(key)
            for action in ("edit_value", "new_key", "clear_prefix"):
                app.browser.perform(action)
                await until(lambda: not isinstance(app.app.screen, BrowserScreen))
                await app.pilot.pause()
                inspect(app)
                await app.press("escape")
                await until(lambda: isinstance(app.app.screen, BrowserScreen))
            app.browser.perform("delete_key")
            await until(lambda: isinstance(app.app.screen, ConfirmScreen))
            await app.sees("Delete 1 key?")
            inspect(app)
            await app.press("right", "enter")
            await until(partial(_was_told, app, f"deleted {display_text(key, 80)} · u to undo"))
            await app.pilot.pause()
            inspect(app)
        locks = app.find(LocksPane)
        await until(lambda: len(locks.locks) == 12)
        await app.press("4", "z")
        inspect(app)
        for _ in range(rounds(2, 3)):
            app.browser.perform("break_lock")
            await until(lambda: isinstance(app.app.screen, ConfirmScreen))
            await app.sees("held by")
            inspect(app)
            await app.press("escape", "down")


async def test_figures_log_and_what_a_change_did(hostile: Path) -> None:
    for number, text in enumerate(HOSTILE[:8]):
        origin = Origin(text, text, 1, text, text + " of the log")
        with open_store("local", "write", origin=origin) as store:
            store.set(f"{text}:{number}", text)
    async with running(size=(120, 40)) as app:
        await app.press("5")
        await app.sees("largest values")
        inspect(app)
        await app.press("6", "z")
        await app.sees("[/x] of the log")
        inspect(app)
        for _ in range(rounds(4, 9)):
            await app.press("enter")
            await until(lambda: isinstance(app.app.screen, ChangeSetScreen))
            await app.pilot.pause()
            inspect(app)
            await app.press("escape", "down")
        app.browser.perform("undo")
        await until(lambda: isinstance(app.app.screen, ConfirmScreen))
        inspect(app)
        await app.press("right", "enter")
        await app.sees("changed · u")
        inspect(app)


async def test_output_and_changes_of_a_run(hostile: Path, tmp_path: Path) -> None:
    lines = "\n".join(f"print({_lua(text)})\nstate.set({_lua('n' + text)}, {_lua(text)})" for text in HOSTILE)
    file = tmp_path / "\x1b[31mtask[red].lua"
    lines += "\nerror('[/x]\\27]0;x\\7')"
    file.write_text(f"task({{name = 'a[/x]\\27[2J', run = function()\n{lines} end}})")
    async with running(size=(100, 36)) as app:
        app.browser.perform("show_run")
        app.browser.services.run_file(str(file))
        pane = app.find(RunPane)
        await until(lambda: pane.result == "failed")
        for _ in range(4):
            await app.pilot.pause()
            inspect(app)
            await app.press("pageup")
        assert any("[/x]" in line for line in pane.lines)


def _is_shown(detail: DetailPane, key: str) -> bool:
    return detail.entry is not None and detail.entry.key == key


def _was_told(app: Driver, toast: str) -> bool:
    return toast in app.toasts


def _lua(text: str) -> str:
    """``text`` as a Lua string."""
    return '"' + "".join(f"\\{byte:03}" for byte in text.encode()) + '"'


async def test_what_is_pasted_into_inputs(believable: Path) -> None:
    hostile = "a\x1b]52;c;aGk=\x07b\u202e\x9b31m"
    async with running() as app:
        await app.press("slash")
        app.app.post_message(Paste(hostile))
        await app.sees("a]52;c;aGk=b31m")
        await app.sees("pasted without 4 characters that cannot be shown")
        inspect(app)
        await app.press("escape", "n")
        await until(lambda: isinstance(app.app.screen, EditScreen))
        app.on_top(TextArea).focus()
        app.app.post_message(Paste(f"{{\r\n\t{hostile}"))
        await until(lambda: app.on_top(TextArea).text == "{\n\ta]52;c;aGk=b31m")
        inspect(app)
