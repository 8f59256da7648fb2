"""What a run means for the browser: rows that it changes, locks that it holds, commands that act on it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sloth_tui.model import Row
from sloth_tui.origin import Origin
from sloth_tui.runner.request import RunRequest
from sloth_tui.settings import load_settings
from sloth_tui.store import open_store
from sloth_tui.tui.actions import rebind
from sloth_tui.tui.own_commands.screen import CommandScreen
from sloth_tui.tui.run_screen.screen import RunScreen
from sloth_tui.tui.services.runs.progress import Progress
from sloth_tui.tui.services.runs.touched import TouchedKeys
from sloth_tui.tui.widgets.dock.lock_list import LocksPane
from tests.support import A_MINUTE
from tests.tui.driving import Driver, running, until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

HOLDS = """
task({name = "hold", run = function()
    state.with_lock("publish", "nightly", 300, function()
        state.set("deployment:version", "v2")
        state.set("web/a:b", 1)
        print("held")
        while not state.exists("go on") do cmd("sleep 0.05") end
    end)
end})
"""


def row(key: str, keys: int | None = None) -> Row:
    return Row(key, "", "string", 0, 0.0, None, keys=keys)


def test_a_touched_row_is_a_changed_key_or_a_node_above_one() -> None:
    progress = Progress()
    predicted = b'"old":null,"new":1,"revision":1,"predicted":true}'
    for key in ("a/b:c", "d"):
        progress.add(
            [b'{"event":"key_changed","task":null,"key":"%s","old":null,"new":1,"revision":1}' % key.encode()]
        )
    progress.add([b'{"event":"key_changed","task":null,"key":"e",' + predicted])
    touched = TouchedKeys([Progress(), progress])
    assert len(touched) == 2
    assert [key for key in ("a/b:c", "d", "e", "a/", "a/b:") if touched.holds(row(key))] == ["a/b:c", "d"]
    assert [key for key in ("a/", "a/b:", "d", "a/b:c", "x/") if touched.holds(row(key, 1))] == ["a/", "a/b:"]


def line_of(app: Driver, text: str) -> str:
    """The line of the key table with a text, from its gutter on."""
    return next((strip.text for strip in map(app.table.render_line, range(20)) if text in strip.text), "")


async def begun(app: Driver, tmp_path: Path) -> str:
    """A run that holds a lock and has changed two keys; return its id."""
    file = tmp_path / "hold.lua"
    file.write_text(HOLDS)
    app.app.services.start_run(RunRequest(str(file), "local", grace=0.5))
    locks = app.find(LocksPane)
    await until(lambda: [lock.name for lock in locks.locks] == ["deploy", "publish"], what="its lock")
    newest = app.app.services.runs.newest
    assert newest is not None
    return newest.id


async def test_rows_that_a_run_changes_are_marked_until_the_next_begins(
    believable: Path, tmp_path: Path
) -> None:
    async with running() as app:
        await app.goes_to("flag:enabled")
        before = line_of(app, "deployment:version")
        await begun(app, tmp_path)
        # The mark may be there before the row is read again, and the other way round.
        column = before.index("v1.2.3")
        await until(
            lambda: (
                (line := line_of(app, "deployment:version")).startswith(" ◦deployment:version")
                and line.startswith("v2", column)
            ),
            what=lambda: line_of(app, "deployment:version"),
        )
        assert line_of(app, "deployment:count").startswith("  deployment:count")
        app.browser.choose_agent("production")
        await until(lambda: line_of(app, "environment:type").startswith("▌ "))
        assert "◦" not in app.text()
        app.browser.choose_agent("local")
        await until(lambda: line_of(app, "web/a:b").startswith(" ◦"))
        await app.press("T")
        await until(lambda: line_of(app, "▸ web/").startswith(" ◦"))
        assert line_of(app, "▸ flag:")[1] == " "
        with open_store("local", "write") as store:
            store.set("go on", True)
        await until(lambda: not app.app.services.running)
        await app.at_rest(4)
        assert line_of(app, "▸ web/").startswith(" ◦")
        nothing = tmp_path / "nothing.lua"
        nothing.write_text("task({name = 'nothing', run = function() end})")
        app.app.services.start_run(RunRequest(str(nothing), "local"))
        await until(lambda: line_of(app, "▸ web/")[1] == " ")


async def test_a_lock_leads_to_the_run_that_holds_it_or_says_who_does(
    believable: Path, tmp_path: Path
) -> None:
    elsewhere = Origin("ci", "build-7", 42, "lua", "run deploy.lua", "0123456789ab", "deploy")
    here = elsewhere._replace(host=os.uname().nodename)
    for number, origin in enumerate((elsewhere, here)):
        with open_store("local", "write", origin=origin) as store:
            store.acquire(f"lock {number}", "nightly", 600)
    async with running() as app:
        await app.sees("4 Locks 3")
        await app.press("4", "enter")
        await until(lambda: any(t.startswith("no run holds deploy: sloth-runner of ") for t in app.toasts))
        await app.press("j", "enter")
        told = "run 0123456789ab on build-7 holds lock 0: what it says is kept there"
        await until(lambda: told in app.toasts)
        await app.press("j", "enter")
        await until(lambda: any("holds lock 1, process 42 on" in toast for toast in app.toasts))
        with open_store("local", "write") as store:
            store.break_lock("lock 0")
            store.break_lock("lock 1")
        (tmp_path / "hold.lua").write_text(HOLDS)
        command = [sys.executable, "-m", "sloth_tui", "run", str(tmp_path / "hold.lua")]
        run = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            await app.sees("publish")
            await app.press("G", "enter")
            await until(lambda: isinstance(app.app.screen, RunScreen))
            await app.sees("▶ running")
            await app.sees("holds publish")
            await app.press("escape")
            await until(lambda: line_of(app, "deployment:version")[1:2] == "◦")
            with open_store("local", "write") as store:
                store.set("go on", True)
            assert run.wait(A_MINUTE) == 0
        finally:
            run.terminate()
            run.wait()


CONFIG = """
[commands.what]
key = "W"
label = "What"
on = "run"
run = 'echo "$SLOTH_RESULT $SLOTH_AGENT $1"; head -c 25 "$SLOTH_RUN_FOLDER/run.json"; echo "$SLOTH_FILE"'
[commands.who]
key = "W"
on = "lock"
run = 'echo "run $SLOTH_RUN"'
"""


async def test_own_commands_act_on_runs_and_know_the_run_of_a_lock(believable: Path, tmp_path: Path) -> None:
    (believable / "config.toml").write_text(CONFIG)
    try:
        async with running(settings=load_settings()) as app:
            await app.press("7", "W")
            await until(lambda: "no run is chosen" in app.toasts)
            id_ = await begun(app, tmp_path)
            await app.press("W")
            await app.sees(f"going local {id_}")
            await app.sees(f"{tmp_path}/hold.lua")
            await app.press("escape", "4", "G", "W")
            await app.sees(f"run {id_}")
            await app.press("escape", "r")
            await app.sees("W What")
            await app.sees("▶ running")
            await app.press("W")
            await until(lambda: isinstance(app.app.screen, CommandScreen))
            await app.sees(f"What · {id_}")
            await app.press("escape")
            assert isinstance(app.app.screen, RunScreen)
    finally:
        rebind({})
