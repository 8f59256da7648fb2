"""Real runs in the Run view: how they go, how they end, and what can be done about them."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.processes import find_descendants
from sloth_tui.runs.archive import Archive
from sloth_tui.store import open_store
from sloth_tui.tui.run_screen.live.task_table import TaskTable
from sloth_tui.tui.run_screen.output.view import OutputView
from tests.tui.driving import running, until
from tests.tui.run_screen.runs import WAITS, another, ended, live, opened, runs, said

if TYPE_CHECKING:
    from pathlib import Path

    from tests.tui.driving import Driver

pytestmark = pytest.mark.slow

HOSTS = """
task({name = "first", run = function()
    print("\\27[32mgreen\\27[0m")
    state.set("a", 1)
end})
task({name = "each", depends_on = {"first"}, delegate_to = {"local", "localhost"}, run = function()
    print("on " .. run.host)
    if run.host == "localhost" then
        error("no luck")
    end
end})
task({name = "last", depends_on = {"each"}, run = function() end})
"""
STUBBORN = """
task({name = "stubborn", run = function()
    cmd([[trap 'echo asked' TERM; echo ready; while :; do sleep 0.02; done]])
end})
"""


async def test_checks_late_runs_and_tasks_on_hosts_how_they_ended_and_what_of_it_is_shown(
    believable: Path, tmp_path: Path
) -> None:
    async with running(size=(100, 30)) as app:
        await opened(app)
        await app.press("2")
        await app.sees("Nothing runs. 1 chooses a file, 3 has earlier runs.")
        await ended(await runs(app, tmp_path / "site.lua", HOSTS, check=True))
        await app.sees("✗ failed check site.lua on local")
        await app.sees("≠ changes")
        late = await runs(app, tmp_path / "late.lua", WAITS, values={"at": str(tmp_path)}, timeout=3.0)
        await ended(late)
        await app.sees("✗ timeout late.lua on local")
        await app.sees("✗ too late")
        with open_store("local", "read") as store:
            assert not store.exists("a")

        run = await runs(app, tmp_path / "site.lua", HOSTS)
        await ended(run)
        await app.sees("✗ failed site.lua on local")
        await app.sees("4 tasks: 4 ended, 1 failed, 1 skipped")
        for line in (
            ("✓ done", "first", "1 change", "green"),
            ("✓ done", "each", "local", "on local"),
            ("✗ failed", "each", "localhost", "site.lua:9: no luck"),
            ("- skipped", "last", "depends on 'each'"),
        ):
            assert any(_in_order(shown, line) for shown in app.text().splitlines()), line
        output = live(app).query_one(OutputView)
        await app.press("down", "down", "down")
        assert output.scope[:2] == ("each", "localhost")
        await app.loses("task first")
        assert "localhost | on localhost" in app.text()
        await app.press("g")
        await app.sees("task first")
        assert output.scope[:2] == (None, None)
        await app.press("down", "down", "down", "enter")
        assert app.app.screen.current == "files"  # type: ignore[attr-defined]
        await app.sees("9         error(")
    with open_store("local", "read") as store:
        assert store.get("a") == 1


async def test_two_at_once_are_chosen_by_keys_and_clicks_one_is_stopped_and_what_failed_runs_again(
    believable: Path, tmp_path: Path
) -> None:
    async with running(size=(100, 30)) as app:
        await opened(app)
        at = {"at": str(tmp_path)}
        one = await runs(app, tmp_path / "one.lua", WAITS, values=at)
        other = await runs(app, tmp_path / "other.lua", WAITS, values=at, agent="production")
        await app.sees("[ ] ▶ one.lua  ▶ other.lua")
        await app.sees("2 Run ▶ 2")
        await until(lambda: "  begun" in said(app))
        assert live(app).run is other
        await app.press("]")
        assert live(app).run is one
        await app.press("S")
        await ended(one)
        await app.sees("✗ cancelled one.lua on local")
        await app.sees("[ ] ✗ one.lua  ▶ other.lua")
        assert other.going
        await app.pilot.click("#live-runs", offset=(17, 0))
        await until(lambda: live(app).run is other)
        (tmp_path / "go").touch()
        await ended(other)
        await app.sees("✓ done other.lua on production")
        await app.sees("  gone on")
        await app.press("escape")
        await app.press("r")
        await until(lambda: app.app.screen.current == "files")  # type: ignore[attr-defined]

        text = HOSTS.replace('error("no luck")', f'assert(file.exists("{tmp_path}/luck"), "no luck")')
        await ended(await runs(app, tmp_path / "site.lua", text, values={"v": 1}))
        (tmp_path / "luck").touch()
        first = live(app).run
        await app.press("A")
        again = await another(app, first)
        await ended(again)
        assert again.request is not None
        assert again.request.tasks == ("each", "last")
        assert again.request.values == {"v": 1}
        assert again.run.command_line.endswith("site.lua --task each --task last")
        assert any(toast.startswith("again: each, last, on all their hosts") for toast in app.toasts)
        assert again.result == "done"
        await app.press("A")
        await until(lambda: "nothing failed" in app.toasts[-1])
        await app.press("a")
        third = await another(app, again)
        await ended(third)
        assert (third.result, third.request) == ("done", again.request)


async def test_what_goes_on_shows_its_locks_and_is_asked_to_end_or_killed(
    believable: Path, tmp_path: Path
) -> None:
    at = {"at": str(tmp_path)}
    async with running(size=(100, 30)) as app:
        await opened(app)
        run = await runs(app, tmp_path / "stubborn.lua", STUBBORN)
        await until(lambda: "  ready" in said(app))
        await app.press("S")
        await app.sees("asked to end; S again kills it")
        await until(lambda: any("stop again to kill" in line for line in said(app)))
        assert run.going
        await app.press("S")
        await ended(run)
        assert run.result == "cancelled"
        assert said(app).count("  asked") == 1
        await app.press("S")
        await until(lambda: app.toasts[-1] == "this run has ended")

        # By others: the worker of a run, and its keeper.
        run = await runs(app, tmp_path / "worker.lua", WAITS, values=at)
        await until(lambda: "  begun" in said(app))
        os.kill(await _worker_of(run.id), signal.SIGKILL)
        await ended(run)
        assert run.result == "failed"
        await app.sees("✗ failed worker.lua on local")
        run = await runs(app, tmp_path / "keeper.lua", WAITS, values=at)
        await until(lambda: "  begun" in said(app))
        os.kill(Archive().find(run.id).pid, signal.SIGKILL)
        await ended(run)
        await app.sees("✗ lost keeper.lua on local")
        await app.sees("was killed")

        text = WAITS.replace('print("begun")', 'state.lock("mine [b]", "me", 600) print("begun")')
        run = await runs(app, tmp_path / "locks.lua", text, values=at)
        await app.sees("holds mine [b] ━")
        assert "deploy" not in _line_with(app, "holds ")
        (tmp_path / "go").touch()
        await ended(run)
        await app.loses("holds mine")


async def test_output_that_pours_is_bounded_and_the_table_follows(believable: Path, tmp_path: Path) -> None:
    text = 'task({name = "loud", run = function() for i = 1, 30000 do print(i) end end})'
    async with running(size=(60, 20)) as app:
        await opened(app)
        run = await runs(app, tmp_path / "loud.lua", text)
        await ended(run)
        await app.sees("  30000")
        buffer = run.output
        assert buffer.end - buffer.first < 25_000
        await app.sees("1 task: 1 ended")
        assert "30000" in _line_with(app, " loud ")
        assert live(app).query_one(TaskTable).chosen is None


async def _worker_of(id: str) -> int:  # noqa: A002  # as everywhere else
    """The process that runs Lua for a run."""
    keeper = await until(lambda: Archive().find(id).pid)
    return await until(lambda: min((one.pid for one in find_descendants(keeper)), default=0))


def _in_order(line: str, words: tuple[str, ...]) -> bool:
    at = 0
    for word in words:
        at = line.find(word, at)
        if at < 0:
            return False
        at += len(word)
    return True


def _line_with(app: Driver, text: str) -> str:
    return next((line for line in app.text().splitlines() if text in line), "")
