"""Changes of one entry: edited, renamed, duplicated, given another type, restored."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from typing import TYPE_CHECKING

import pytest
from textual.widgets import Button, Input, OptionList, TextArea

from sloth_tui.store import open_store
from sloth_tui.tui.app import SlothApp
from sloth_tui.tui.dialogs.confirm import ConfirmScreen
from sloth_tui.tui.dialogs.edit import EditScreen
from sloth_tui.tui.dialogs.prompt import NameScreen
from sloth_tui.tui.dialogs.retype import RetypeScreen
from sloth_tui.tui.external import programs as outside
from sloth_tui.tui.widgets.detail.history_view import DifferenceView, RevisionList
from tests.tui.driving import running, until
from tests.tui.state import ENTRIES, elsewhere
from tests.tui.test_changes import closed, opened, stored

if TYPE_CHECKING:
    from pathlib import Path

    from tests.tui.driving import Driver

pytestmark = pytest.mark.slow


def titles() -> list[str]:
    """Of the change sets, newest first."""
    with open_store("local", "read") as store:
        return [change.origin.title for change in store.change_sets() if change.origin is not None]


async def told(app: Driver, text: str) -> None:
    await until(lambda: any(text in toast for toast in app.toasts), what=f"{text!r} in {app.toasts}")


async def test_rename_and_duplicate_are_one_change_each_and_go_there(believable: Path) -> None:
    async with running() as app:
        await app.goes_to("table:limits")
        await app.press("R")
        await opened(app, NameScreen)
        assert app.on_top(Input).value == "table:limits"
        app.on_top(Input).value = "deployment:count"
        await app.press("enter")
        await app.sees("there is a key 'deployment:count' already")
        app.on_top(Input).value = ""
        await app.press("enter")
        await app.sees("a key must not be empty")
        app.on_top(Input).value = "limits"
        await app.press("enter")
        await told(app, "renamed table:limits to limits · u to undo")
        await until(lambda: app.table.key == "limits")
        assert stored("limits") == ENTRIES["table:limits"]
        assert stored("table:limits") is None
        assert titles()[0] == "rename table:limits to limits"
        await app.press("u")
        await until(lambda: stored("table:limits") is not None)
        await until(lambda: stored("limits") is None)

        await app.goes_to("app:api_token")
        await app.press("C")
        await opened(app, NameScreen)
        app.on_top(Input).value = "app:copy"
        await app.sees("By this name the value is not a secret")
        assert "tok_very_secret" not in app.text()
        app.on_top(Input).value = "app:token_2"
        await app.loses("By this name")
        await app.press("enter")
        await told(app, "duplicated app:api_token as app:token_2")
        await until(lambda: app.table.key == "app:token_2")
    assert stored("app:token_2") == stored("app:api_token") == "tok_very_secret"


async def test_another_type_is_chosen_from_what_the_value_would_become(believable: Path) -> None:
    async with running() as app:
        await app.goes_to("deployment:count")
        await app.press("m")
        await opened(app, RetypeScreen)
        for line in ("string   → 12", "integer  is its type now", "float    → 12.0", "✗ neither 0 nor 1"):
            await app.sees(line)
        options = app.on_top(OptionList)
        await app.press("j", "k")
        assert options.highlighted == 0
        await app.press("enter")
        await told(app, "saved deployment:count · u to undo")
        assert stored("deployment:count") == "12"
        await app.sees("string · 2 B")
        await app.press("m")
        await opened(app, RetypeScreen)
        elsewhere("open_store('local', 'write').__enter__().set('deployment:count', '13')")
        await app.press("enter")
        await told(app, "deployment:count was changed by somebody else meanwhile")
    assert stored("deployment:count") == "13"


async def test_a_revision_is_restored_after_showing_what_that_changes(believable: Path) -> None:
    with open_store("local", "write") as store:
        store.set("deployment:version", "v2")
        store.set("deployment:version", "v3")
    async with running() as app:
        await app.goes_to("deployment:version")
        await app.press("3", "o")
        await told(app, "first choose a revision in the history")
        await app.press("H", "end")
        await until(lambda: len(app.find(RevisionList).revisions) == 3)
        await app.press("end", "o")
        await opened(app, ConfirmScreen)
        await app.sees("Restore deployment:version, as it was at revision")
        await app.sees("- v3")
        assert app.on_top(Button, "#cancel").has_focus
        await app.press("escape")
        await closed(app)
        assert stored("deployment:version") == "v3"
        await app.press("o")
        await opened(app, ConfirmScreen)
        await app.press("right", "enter")
        await told(app, "deployment:version is what it was at revision")
        assert stored("deployment:version") == ENTRIES["deployment:version"]
        assert titles()[0].startswith("rollback deployment:version --to ")
        await until(lambda: len(app.find(RevisionList).revisions) == 4)


async def test_conflict_shows_both_and_theirs_can_be_taken_and_mine_brought_back(believable: Path) -> None:
    async with running() as app:
        await app.goes_to("table:limits")
        await app.press("e")
        await opened(app, EditScreen)
        area = app.on_top(TextArea)
        area.text = '{"cpu": 3'
        await app.sees("✗ not JSON: line 1")
        area.text = '{"cpu": 3}'
        await app.sees("✓")
        theirs = {"cpu": 2, "on": False}
        elsewhere(f"open_store('local', 'write').__enter__().set('table:limits', {theirs!r})")
        await app.sees("Somebody else has changed it meanwhile")
        screen = app.app.screen
        assert isinstance(screen, EditScreen)
        # Whoever presses twice has not seen theirs.
        screen.action_save()
        screen.action_save()
        await app.sees("theirs: table")
        await app.sees("Yours is kept")
        assert '+   "on": false' in app.on_top(DifferenceView).lines
        assert '    "cpu": 2,' in app.on_top(DifferenceView).lines
        assert stored("table:limits") == theirs
        await app.pilot.click("#take")
        await until(lambda: '"on": false' in area.text)
        await app.press("ctrl+z")
        await until(lambda: area.text == '{"cpu": 3}')
        elsewhere("open_store('local', 'write').__enter__().delete('table:limits')")
        await app.press("ctrl+s")
        await app.sees("theirs: deleted")
        assert app.on_top(Button, "#take").disabled
        await app.press("ctrl+s")
        await closed(app)
        assert stored("table:limits") == {"cpu": 3}

        await app.goes_to("deployment:status")
        await app.press("n")
        await opened(app, EditScreen)
        app.on_top(Input).value = "app:api_token"
        await app.press("ctrl+s")
        await app.sees("There is such a key already")
        assert app.on_top(DifferenceView).lines == ["masked"]
        assert app.on_top(Button, "#take").disabled
        assert "tok_very" not in app.text()
        await app.press("escape", "escape")
        await closed(app)
    assert stored("app:api_token") == "tok_very_secret"


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The program that $EDITOR names, a shell script to be written; the app can be suspended."""
    program = tmp_path / "editor"
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o700)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", f"'{program}'")
    monkeypatch.setenv("PAGER", f"tee {tmp_path}/paged")
    monkeypatch.setattr(SlothApp, "suspend", lambda _: contextlib.nullcontext())
    return program


async def test_an_editor_outside_saves_complains_and_conflicts(
    believable: Path, editor: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = editor.parent / "seen"
    async with running() as app:
        await app.goes_to("deployment:count")
        editor.write_text(f"#!/bin/sh\nls -ld $1 > {seen}; cat $1 >> {seen}; echo $1 > {seen}.path\n")
        await app.press("E")
        await told(app, "nothing was changed")
        assert seen.read_text().startswith("-rw------- ")
        assert seen.read_text().endswith("\n12\n")
        assert not os.path.exists((editor.parent / "seen.path").read_text().strip())
        editor.write_text("#!/bin/sh\necho 13 > $1\n")
        await app.press("E")
        await told(app, "saved deployment:count · u to undo")
        assert stored("deployment:count") == 13
        editor.write_text("#!/bin/sh\necho thirteen > $1\n")
        await app.press("E")
        await opened(app, EditScreen)
        await app.sees("✗ not a whole number")
        assert app.on_top(TextArea).text == "thirteen"
        await app.press("escape", "escape")
        await closed(app)
        theirs = "open_store('local', 'write').__enter__().set('deployment:count', 99)"
        program = f"from sloth_tui.store import open_store; {theirs}"
        editor.write_text(f'#!/bin/sh\n{sys.executable} -c "{program}" && printf 14 > $1\n')
        await app.press("E")
        await opened(app, EditScreen)
        await app.sees("Yours is kept")
        assert app.on_top(TextArea).text == "14"
        assert app.on_top(DifferenceView).lines == ["+ 99"]
        await app.press("ctrl+s")
        await closed(app)
        assert stored("deployment:count") == 14
        editor.write_text("#!/bin/sh\nexit 3\n")
        await app.press("E")
        await told(app, "ended with exit code 3")
        monkeypatch.setenv("EDITOR", "no-such-editor")
        await app.press("E")
        await told(app, "there is no program 'no-such-editor'\nset $VISUAL to one")


async def test_the_pager_gets_all_of_a_value_and_nothing_that_acts(base: Path, editor: Path) -> None:
    with open_store("local", "write") as store:
        store.set("a", "\x1b[2J" + "x" * 200_000)
        store.set("b", bytes(range(256)) * 300)
        store.set("c:token", "hidden")
    paged = editor.parent / "paged"
    async with running() as app:
        await app.goes_to("a")
        await app.press("vertical_line")
        await until(lambda: paged.exists() and len(paged.read_text()) > 200_000)
        assert paged.read_text() == "␛[2J" + "x" * 200_000 + "\n"
        await app.goes_to("b")
        await app.press("vertical_line")
        await until(lambda: paged.read_text().startswith("00000000  00 01"))
        assert len(paged.read_text().splitlines()) == 4800
        assert paged.read_text().splitlines()[-1].startswith("00012bf0  f0")
        await app.goes_to("c:token")
        await app.press("vertical_line")
        await told(app, "the value is masked, x reveals it")


def test_a_text_that_is_kept_is_for_its_owner_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    path = outside.keep_text("mine", "value.txt")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    with open(path) as file:
        assert file.read() == "mine"
