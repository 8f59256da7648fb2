"""The runs that are kept, as a person finds them and acts on them."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from sloth_tui.runner import events
from sloth_tui.runs.archive import Archive
from sloth_tui.runs.folder import RunFolder
from sloth_tui.runs.model import Run
from sloth_tui.runs.recording import Recorder
from sloth_tui.store import open_store
from sloth_tui.tui.dialogs.confirm import ConfirmScreen
from sloth_tui.tui.run_screen.history.view import HistoryView
from sloth_tui.tui.run_screen.screen import RunScreen
from tests.cli.support import piped
from tests.runs.support import GOES_ON, started
from tests.support import wait_until
from tests.tui.driving import running, until
from tests.tui.run_screen.output import inspect
from tests.tui.state import HOSTILE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.tui.driving import Driver

pytestmark = pytest.mark.slow

SETS = """
task({name = "sets", run = function()
  print("said something")
  state.set("greeting", "hello")
  state.set("deployment:count", 13)
end})
"""


@asynccontextmanager
async def history(*, size: tuple[int, int] = (100, 30)) -> AsyncIterator[tuple[Driver, HistoryView]]:
    async with running(size=size) as app:
        await app.press("r", "3")
        await until(lambda: isinstance(app.app.screen, RunScreen))
        view = app.app.screen.query_one(HistoryView)
        await until(lambda: view.known)
        yield app, view


def kept(base: Path, number: int, **fields: Any) -> Run:
    """A record of a run, and its events."""
    run = Run(
        f"{number:012x}",
        "/w/deploy.lua",
        "local",
        None,
        False,
        (),
        "run deploy.lua",
        "",
        "/w",
        1000.0 + number,
    )._replace(**fields)
    folder = RunFolder.create(str(base), run)
    recorder = Recorder(folder, run, lambda key: False)
    recorder.take(events.RunStarted(run.id, run.file, run.agent, ["t"], run.started))
    recorder.take(events.RunFinished(run.id, "done", 0, 1.5, None, None))
    folder.close()
    return run


async def test_they_are_listed_newest_first_shown_and_taken_back(
    believable: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deploy.lua").write_text(SETS)
    assert piped("run", "deploy.lua", "--check").code == 10
    assert piped("run", "deploy.lua").code == 0
    async with history() as (app, view):
        lines = [str(view.runs.paint(number)) for number in range(2)]
        assert "✓ done" in lines[0]
        assert "≠ differs" in lines[1]
        await app.sees("$ sloth-runner run deploy.lua")
        await app.sees("2 changes of keys")
        await app.press("enter")
        await app.sees("said something")
        await app.press("3", "u")
        await until(lambda: isinstance(app.app.screen, ConfirmScreen))
        await app.sees("Take back 2 keys of 'run")
        await app.sees("greeting: hello → absent")
        await app.sees("deployment:count: 13 → 12")
        await app.press("escape")
        await until(lambda: isinstance(app.app.screen, RunScreen))
        with open_store("local", "write") as store:
            assert store.get("greeting") == "hello"
            store.set("greeting", "changed since")
        await app.press("u")
        await app.sees("greeting: changed since → absent  (changed since)")
        await app.press("right", "enter")
        await until(lambda: any("took back" in toast for toast in app.toasts))
        with open_store("local", "read") as store:
            assert not store.exists("greeting")
            assert store.get("deployment:count") == 12
        await app.press("u")
        await until(lambda: any("nothing is left" in toast for toast in app.toasts))
        await app.press("down", "u")
        await until(lambda: any("was a check" in toast for toast in app.toasts))


async def test_the_filter_looks_at_all_words_and_the_cursor_stays_on_its_run(base: Path) -> None:
    kept(base, 1, agent="prod", command_line="sloth-runner run deploy.lua --agent prod")
    kept(base, 2, file="/w/backup.lua", check=True)
    kept(base, 3)
    async with history(size=(60, 20)) as (app, view):
        await app.press("slash", *"deploy PROD", "enter")
        await app.sees("1 of 3 runs with 'deploy PROD'")
        assert view.runs.highlighted is not None
        assert view.runs.highlighted.agent == "prod"
        await app.press("slash", *"x")
        await app.sees("No run is like that.")
        await app.press("escape")
        await app.sees("3 runs")

        await app.press("down")
        on = view.runs.highlighted
        for number in range(10, 50):
            kept(base, number)
        view.reread()
        await app.sees("43 runs")
        assert view.runs.highlighted == on
        assert view.runs.cursor == 41
        assert isinstance(app.app.screen, RunScreen)
        await app.press("escape")
        await until(lambda: app.app.screen is app.browser)


async def test_one_that_goes_on_is_stopped_and_then_forgotten(base: Path, tmp_path: Path) -> None:
    with started(tmp_path, GOES_ON) as run:
        async with history() as (app, _view):
            await app.sees("▶ going")
            await app.press("d")
            await until(lambda: any("goes on" in toast for toast in app.toasts))
            await app.press("S")
            await until(lambda: isinstance(app.app.screen, ConfirmScreen))
            await app.press("right", "enter")
            await app.sees("✗ stopped")
            wait_until(lambda: run.ended)
            await app.press("d")
            await until(lambda: isinstance(app.app.screen, ConfirmScreen))
            await app.press("right", "enter")
            await app.sees("No run is kept yet.")
        assert Archive().runs() == []
        assert os.listdir(base / "runs") in ([], [".pruned"])


async def test_one_is_run_again_or_its_file_is_shown_to_set_its_values(
    believable: Path, tmp_path: Path
) -> None:
    file = tmp_path / "deploy.lua"
    file.write_text(SETS)
    assert piped("run", str(file), "--set", "x=1").code == 0
    assert piped("run", str(file), "--task", "sets").code == 0
    async with history() as (app, _view):
        screen = app.app.screen
        assert isinstance(screen, RunScreen)
        await app.press("a")
        await until(lambda: screen.current == "live")
        await until(lambda: len(Archive().runs()) == 3 and not Archive().runs()[0].going)
        assert Archive().runs()[0].tasks == ("sets",)
        await app.press("3", "G", "a")
        await until(lambda: screen.current == "files")
        assert any("its values are not kept" in toast for toast in app.toasts)


async def test_hostile_records(base: Path) -> None:
    for number, text in enumerate(HOSTILE):
        kept(base, number, file=f"/{text}", title=text, command_line=f"run {text}", error=text, hint=text)
    async with history() as (app, view):
        for _ in range(len(HOSTILE)):
            await app.pilot.pause()
            inspect(app.text())
            view.runs.action_walk(1)


async def test_runs_that_cannot_be_read_are_not_said_to_be_none(base: Path) -> None:
    base.mkdir()
    (base / "runs").write_text("no directory")
    async with history() as (app, _):
        await app.sees(f"{base}/runs")
        assert "No run is kept yet" not in app.text()
