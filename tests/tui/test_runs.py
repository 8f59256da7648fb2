"""Lua files run from the screen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from textual.widgets import Input

from sloth_tui.store import open_store
from sloth_tui.tui.dialogs.choose_file import ChooseFileScreen, find_completions
from sloth_tui.tui.widgets.dock.run_view import RunPane
from tests.tui.driving import running, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.tui.driving import Driver


pytestmark = pytest.mark.slow


DEPLOY = """
task({name = "deploy", run = function()
    print("rolling out")
    state.set("deployment:version", "v2")
    state.set("app:api_token", "tok_rotated")
    state.delete("flag:enabled")
    state.set("fresh", 1)
end})
"""
ENDLESS = """
task({name = "endless", run = function()
    print("begun")
    while true do end
end})
"""


async def test_a_file_is_chosen_run_and_its_changes_are_shown(
    believable: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "deploy.lua").write_text(DEPLOY)
    (tmp_path / "notes.txt").write_text("no task")
    monkeypatch.chdir(tmp_path)
    async with running() as app:
        app.browser.perform("run_path")
        await until(lambda: isinstance(app.app.screen, ChooseFileScreen) and app.app.screen.query(Input))
        app.on_top(Input).value = "~/nothing.lua"
        await app.press("enter")
        await app.sees("There is no file ~/nothing.lua.")
        app.on_top(Input).value = ""
        await app.sees("deploy.lua")
        assert "notes.txt" not in app.text()
        await app.press("d", "e", "tab")
        assert app.on_top(Input).value == "deploy.lua"
        await app.press("enter")
        pane = app.find(RunPane)
        await until(lambda: pane.result == "done")
        await app.sees("✓ done deploy.lua on local")
        for line in (
            "  rolling out",
            '  changed deployment:version: "v1.2.3" -> "v2"',
            "  changed app:api_token: (secret) -> (secret)",
            "  changed flag:enabled: true -> absent",
            "  changed fresh: absent -> 1",
        ):
            assert line in pane.lines
        assert pane.lines[-2].startswith("  done in ")
        assert pane.lines[-2].endswith("4 changes")
        assert re.fullmatch(r"run done in [0-9.]+s: 1 done", pane.lines[-1])
        await app.press("2")
        await app.sees("fresh")
    with open_store("local", "read") as store:
        assert store.get("deployment:version") == "v2"


async def test_what_a_run_says_and_changes_is_shown_as_it_is(believable: Path, tmp_path: Path) -> None:
    with open_store("local", "write") as store:
        store.mark_secret("login")
    async with running() as app:
        pane = app.find(RunPane)
        app.browser.perform("show_run")

        async def runs(title: str, body: str) -> list[str]:
            """Run a file with one task and return the lines once its end is shown."""
            (tmp_path / f"{title}.lua").write_text(f"task({{name = 't', run = function()\n{body}\nend}})")
            app.browser.services.run_file(str(tmp_path / f"{title}.lua"))
            await app.sees(f"{title}.lua on local")
            await until(lambda: pane.result is not None and not app.browser.services.running)
            return pane.lines

        lines = await runs("fails", "error('no luck')")
        assert pane.result == "failed"
        assert any("fails.lua:2:" in line and "no luck" in line for line in lines)

        new = f"{tmp_path}/new [b]"
        place = f"for _ = 1, 2 do file.write({{path = '{new}', content = 'x', mode = '0600'}}) end"
        lines = await runs("places", f"{place} state.set('placed', true)")
        assert [line for line in lines if "new [b]" in line] == [f"  changed file {new}: created"]
        assert lines[-2].endswith(", 1 resource changed, 1 key change, 1 as wanted")

        # Tabs and carriage returns are what they are on a terminal.
        printed = "print('a', 1) print('漢字\\t2\\r') print('10%\\r50%\\r100%') print('\\27[2J')"
        lines = await runs("says", f"{printed} state.set('k\\tt', '\\r')")
        first = lines.index("  a       1")
        assert lines[first : first + 5] == [
            "  a       1",
            "  漢字    2",
            "  100%",
            "  ␛[2J",
            '  changed k␉t: absent -> "\\r"',
        ]

        lines = await runs(
            "hides", "state.set('login', 'hunter2') state.set('login', 'hunter3') state.delete('login')"
        )
        assert [line for line in lines if "login" in line] == [
            "  changed login: absent -> (secret)",
            "  changed login: (secret) -> (secret)",
            "  changed login: (secret) -> absent",
        ]

        app.browser.services.run_file("/nowhere/at all.lua")
        await until(lambda: pane.result == "error")
        assert any("/nowhere/at all.lua" in line for line in pane.lines)


async def test_a_task_for_several_hosts_says_for_which_each_line_is(
    believable: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (
        tmp_path / "meet.lua"
    ).write_text(f"""task({{name = 'meet', delegate_to = {{'local', 'localhost'}}, run = function()
        print('waiting')
        cmd("until test -e {tmp_path}/go; do sleep 0.05; done")
        state.set('met:' .. run.host, true)
    end}})""")
    async with running() as app:
        app.browser.perform("show_run")
        app.browser.services.run_file("meet.lua")
        pane = app.find(RunPane)
        await app.sees("task meet on 2 hosts")
        assert {"task meet on local", "task meet on localhost"} <= set(pane.lines)
        await until(lambda: {"  local | waiting", "  localhost | waiting"} <= set(pane.lines))
        (tmp_path / "go").touch()
        await until(lambda: pane.result == "done")
        for host in ("local", "localhost"):
            assert f"  {host} | changed met:{host}: absent -> true" in pane.lines
        assert pane.lines[-1].endswith(": 2 done; 2 resources changed, 2 key changes")


async def test_an_endless_run_is_stopped_and_leaving_while_one_goes_on_asks_first(
    believable: Path, tmp_path: Path
) -> None:
    file = tmp_path / "endless.lua"
    file.write_text(ENDLESS)
    async with running() as app:
        pane = app.find(RunPane)
        await app.press("S")
        app.browser.perform("show_run")
        app.browser.services.run_file(str(file))
        await until(lambda: "  begun" in pane.lines)
        app.browser.services.stop_run()
        await until(lambda: pane.result == "cancelled")
        assert not app.browser.services.running

        app.browser.services.run_file(str(file))
        await until(lambda: pane.result is None and "  begun" in pane.lines)
        await app.press("q")
        await app.sees("1 run goes on. Stop, or leave running?")
        await app.press("enter")
        assert app.browser.services.running
        await app.press("ctrl+q")
        await app.sees("1 run goes on. Stop, or leave running?")
        await app.press("right", "right", "enter")
        await until(lambda: not app.app.is_running)


async def test_output_that_comes_too_fast_is_counted(believable: Path, tmp_path: Path) -> None:
    file = tmp_path / "loud.lua"
    file.write_text("task({name = 'loud', run = function() for i = 1, 30000 do print(i) end end})")
    async with running() as app:
        app.browser.services.run_file(str(file))
        pane = app.find(RunPane)
        await until(lambda: pane.result == "done")
        assert any(line.endswith("lines left out") for line in pane.lines)
        assert "  30000" in pane.lines


def test_candidates_are_task_files_first_then_directories(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    (here / "sub").mkdir(parents=True)
    for name in ("a.lua", "b.sloth", "c.txt", ".hidden.lua", "bad\x1b.lua", "sub/inner.lua"):
        (here / name).touch()
    monkeypatch.chdir(here)
    assert find_completions("") == ["a.lua", "b.sloth", "sub/"]
    assert find_completions("s") == ["sub/"]
    assert find_completions("sub/") == ["sub/inner.lua"]
    assert find_completions(".") == [".hidden.lua"]
    assert find_completions(f"{here}/a") == [f"{here}/a.lua"]
    assert find_completions("/nowhere/") == []
    assert find_completions("nul\0") == []


STUBBORN = """
task({name = "stubborn", run = function()
    cmd([[trap 'echo asked' TERM; echo ready; while :; do sleep 0.05; done]])
end})
"""


@pytest.mark.parametrize("leaving", [False, True], ids=["stop", "leave"])
async def test_commands_take_their_grace_on_screen_until_asked_again(
    base: Path, tmp_path: Path, leaving: bool
) -> None:
    base.mkdir(exist_ok=True)
    (base / "config.toml").write_text("[run]\ngrace = 10000\n")
    file = tmp_path / "stubborn.lua"
    file.write_text(STUBBORN)

    async def ask(app: Driver) -> None:
        if not leaving:
            await app.press("S")
            return
        await app.press("ctrl+q")
        await app.sees("1 run goes on. Stop, or leave running?")
        await app.press("right", "right", "enter")

    async with running() as app:
        pane = app.find(RunPane)
        app.browser.perform("show_run")
        app.browser.services.run_file(str(file))
        await until(lambda: "  ready" in pane.lines)
        await ask(app)
        await until(lambda: any("stopping: waiting up to " in line for line in pane.lines))
        assert any(line.endswith("stop again to kill") for line in pane.lines)
        assert app.browser.services.running
        await ask(app)
        if leaving:
            await until(lambda: not app.app.is_running)
        else:
            await until(lambda: pane.result == "cancelled")
        assert pane.lines.count("  asked") == 1
        assert not app.browser.services.running
