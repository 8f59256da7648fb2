"""Lua files checked from the screen: what would change is shown, and nothing changes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from textual.widgets import Button, Input, OptionList

from sloth_tui.store import open_store
from sloth_tui.tui.dialogs import choose_file
from sloth_tui.tui.dialogs.choose_file import ChooseFileScreen
from sloth_tui.tui.widgets.dock.run_view import RunLog, RunPane
from sloth_tui.tui.widgets.key_table.painter import Painter
from tests.tui.driving import running, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.tui.driving import Driver

pytestmark = pytest.mark.slow

DEPLOY = """
task({name = "deploy", run = function()
    state.set("deployment:version", "v2")
    state.set("app:api_token", "tok_rotated")
    state.delete("flag:enabled")
    state.set("fresh", 1)
    file.write("app.conf", "port = 8080\\nname = app\\n")
end})
"""
WANTED = 'task({name = "same", run = function() state.set("flag:enabled", true) end})'


@pytest.fixture
def here(believable: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "files").mkdir()
    monkeypatch.chdir(tmp_path / "files")
    (tmp_path / "files" / "deploy.lua").write_text(DEPLOY)
    (tmp_path / "files" / "same.lua").write_text(WANTED)
    (tmp_path / "files" / "app.conf").write_text("port = 80\nname = app\n")
    return tmp_path / "files"


async def choose(app: Driver, path: str) -> None:
    app.browser.perform("run_path")
    await until(lambda: isinstance(app.app.screen, ChooseFileScreen) and app.app.screen.query(Input))
    app.on_top(Input).value = path
    await app.sees(path)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=["120x40", "80x24"])
async def test_a_check_shows_what_would_change_and_changes_nothing(
    here: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store("local", "read") as store:
        before = dict(store.items()), store.revision()
    flashed: list[list[str]] = []
    monkeypatch.setattr(Painter, "flash", lambda painter, spots: flashed.append(list(spots)))
    async with running(size=size) as app:
        await choose(app, "deploy.lua")
        await app.sees("enter runs · ctrl+t checks")
        await app.press("ctrl+t")
        pane = app.find(RunPane)
        await until(lambda: pane.result == "done")
        await app.sees("≠ would change check deploy.lua on local")
        await app.sees("s  5 changes")
        assert pane.lines[:-2] == [
            "check deploy.lua on agent local: 1 task",
            "task deploy",
            '  would change deployment:version: "v1.2.3" -> "v2"',
            "  would change app:api_token: (secret) -> (secret)",
            "  would change flag:enabled: true -> absent",
            "  would change fresh: absent -> 1",
            "  would change file app.conf: content",
            "    --- app.conf",
            "    +++ app.conf (wanted)",
            "    @@ -1,2 +1,2 @@",
            "    -port = 80",
            "    +port = 8080",
            "     name = app",
        ]
        assert pane.lines[-2].startswith("  would change in")
        assert pane.lines[-2].endswith(": 1 resource, 4 keys")
        assert pane.lines[-1].startswith("check finished in")
        log = app.find(RunLog)
        styles = {
            line.strip(): str(log.paint(number).spans[0].style) for number, line in enumerate(log.lines)
        }
        assert styles["-port = 80"] == "$error"
        assert styles["+port = 8080"] == "$success"
        assert app.toasts == []
        assert not any(flashed)
    with open_store("local", "read") as store:
        assert (dict(store.items()), store.revision()) == before
    assert (here / "app.conf").read_text() == "port = 80\nname = app\n"


async def test_a_check_says_that_it_finds_nothing_or_where_it_fails_and_a_button_runs(here: Path) -> None:
    (here / "broken.lua").write_text("task({name = 'a', run = function()\n  error('no luck')\nend})")
    async with running() as app:
        await choose(app, "same.lua")
        app.on_top(Button, "#check").press()
        pane = app.find(RunPane)
        await until(lambda: pane.result == "done")
        await app.sees("✓ as wanted check same.lua on local")
        assert pane.lines[-2].startswith("  as wanted in")
        await until(lambda: not app.browser.services.running)
        await choose(app, "broken.lua")
        await app.press("ctrl+t")
        await until(lambda: pane.result == "failed")
        await app.sees("✗ failed check broken.lua on local")
        assert any("broken.lua:2:" in line and "no luck" in line for line in pane.lines)
        await until(lambda: not app.browser.services.running)
        await choose(app, "same.lua")
        app.on_top(Button, "#run").press()
        await until(lambda: pane.result == "done")
        await app.sees("✓ done same.lua on local")


async def test_a_program_that_is_read_only_offers_the_check_alone(here: Path) -> None:
    with open_store("local", "read") as store:
        before = dict(store.items()), store.revision()
    async with running(read_only=True) as app:
        for file, how, seen in (
            ("deploy.lua", "enter", "≠ would change check deploy.lua on local"),
            ("same.lua", "ctrl+t", "✓ as wanted check same.lua on local"),
        ):
            await choose(app, file)
            await app.sees("Check a Lua file against local")
            await app.sees("tab completes · enter checks · esc leaves")
            assert [button.id for button in app.app.screen.query(Button)] == ["check"]
            await app.press(how)
            await app.sees(seen)
            await until(lambda: not app.browser.services.running)
        assert app.toasts == []
    with open_store("local", "read") as store:
        assert (dict(store.items()), store.revision()) == before
    assert (here / "app.conf").read_text() == "port = 80\nname = app\n"


async def test_a_key_right_after_typing_is_about_what_was_typed(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not about what the list still shows of before: the disk may be slow."""
    find = choose_file.find_completions

    def find_slowly(typed: str) -> list[str]:
        time.sleep(0.2)
        return find(typed)

    async with running() as app:
        await choose(app, "deploy.lua")
        await until(lambda: app.on_top(OptionList).option_count == 1)
        monkeypatch.setattr(choose_file, "find_completions", find_slowly)
        app.on_top(Input).value = "sa"
        await app.press("tab")
        await until(lambda: app.on_top(Input).value == "same.lua")
        await until(lambda: app.on_top(OptionList).option_count == 1)
        app.on_top(Input).value = "deploy.lua"
        await app.press("ctrl+t")
        await app.sees("≠ would change check deploy.lua on local")
