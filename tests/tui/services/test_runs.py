"""Runs, as the screens are told of them."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import RunNotFound
from sloth_tui.model import Row
from sloth_tui.runner.request import RunRequest
from sloth_tui.runs.archive import Archive
from sloth_tui.settings import Settings
from sloth_tui.store import open_store
from sloth_tui.tui.messages import RunBegan, RunEnded, RunProgressed, RunRefused, RunsFound
from sloth_tui.tui.services.runs.runs import Runs
from tests.support import wait_until
from tests.tui.services.inbox import Inbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sloth_tui.tui.services.runs.watched import WatchedRun

pytestmark = pytest.mark.slow

LUA = """task({name = 'greet', run = function()
  print('hello')
  state.set('greeting', 'hi')
  state.set('api_token', 'secret')
end})
task({name = 'fails', depends_on = {'greet'}, run = function() error('no luck') end})
task({name = 'after', depends_on = {'fails'}, run = function() end})"""
ENDLESS = "task({name = 'endless', run = function() print('on'); state.set('k', 1); while true do end end})"


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def make(base: Path, inbox: Inbox) -> Iterator[Callable[..., Runs]]:
    made: list[Runs] = []

    def one(**settings: int) -> Runs:
        runs = Runs(inbox, lambda key: "token" in key, Settings(grace=1.0, **settings))  # type: ignore[arg-type]
        made.append(runs)
        return runs

    yield one
    for runs in made:
        runs.close()
    archive = Archive()
    for left in archive.runs():
        if left.going:
            archive.stop(left, kill=True, wait=True)


@pytest.fixture
def runs(make: Callable[..., Runs]) -> Runs:
    return make()


def texts(run: WatchedRun) -> list[str]:
    lines = run.output.lines(0, run.output.end)
    return ["".join(piece.text for piece in line.pieces) + line.text for line in lines]


def started(runs: Runs, inbox: Inbox, file: Path, lua: str, agent: str = "local") -> WatchedRun:
    file.write_text(lua)
    known = {told.id for told in inbox.of(RunBegan)}
    runs.start(RunRequest(str(file), agent, grace=1.0), f"sloth-runner run {file}")
    run = runs.by_id(inbox.wait_for(RunBegan, lambda told: told.id not in known).id)
    assert run is not None
    return run


def test_a_run_is_told_from_beginning_to_end_and_secrets_are_masked(
    runs: Runs, inbox: Inbox, tmp_path: Path
) -> None:
    run = started(runs, inbox, tmp_path / "greet.lua", LUA)
    assert inbox.wait_for(RunEnded).id == run.id
    inbox.wait_for(RunProgressed)
    assert not runs.running
    assert (run.result, run.going, run.progress.changed, run.progress.doing) == ("failed", False, 2, "")
    assert run.failed_tasks == ("fails", "after")
    assert [(one.task, one.state) for one in run.progress.tasks] == [
        ("greet", "done"),
        ("fails", "failed"),
        ("after", "skipped"),
    ]
    assert run.progress.last_line("greet", None) == "hello"
    assert run.progress.touched_count == 2
    assert all(map(run.progress.has_touched, ("greeting", "api_token")))
    said = texts(run)
    assert '  changed greeting: absent -> "hi"' in said
    assert "  changed api_token: absent -> (secret)" in said
    with open_store("local", "read") as store:
        origin = next(iter(store.change_sets())).origin
    assert origin is not None
    assert runs.started == {origin.run} == {run.id}
    assert (run.run.result, run.run.exit_code, run.run.command_line) == (
        "failed",
        20,
        f"sloth-runner run {tmp_path}/greet.lua",
    )


def touches(runs: Runs, agent: str, *keys: str) -> bool:
    """Whether runs have changed these keys of an agent, and no others."""
    touched = runs.touched(agent)
    rows = (Row(key, "", "string", 0, 0.0, None) for key in keys)
    return touched is not None and len(touched) == len(keys) and all(map(touched.holds, rows))


def test_two_at_once_and_one_is_stopped(runs: Runs, inbox: Inbox, tmp_path: Path) -> None:
    assert not runs.stop("nothing")
    one = started(runs, inbox, tmp_path / "one.lua", ENDLESS)
    other = started(runs, inbox, tmp_path / "other.lua", ENDLESS, "web")
    assert runs.newest is other
    for run in (one, other):
        wait_until(lambda run=run: "  on" in texts(run))  # type: ignore[misc]
    wait_until(lambda: touches(runs, "local", "k") and touches(runs, "web", "k"))
    assert runs.held == [one, other]
    assert runs.stop(one.id)
    assert inbox.wait_for(RunEnded).id == one.id
    assert (one.result, other.going) == ("cancelled", True)
    assert not runs.stop(one.id)
    assert touches(runs, "local", "k"), "until the next one begins"


def test_what_is_not_left_ends_with_the_session_and_what_is_left_does_not(
    make: Callable[..., Runs], inbox: Inbox, tmp_path: Path
) -> None:
    runs = make()
    left = started(runs, inbox, tmp_path / "left.lua", ENDLESS)
    assert runs.leave() == [left]
    assert not runs.running
    stays = started(runs, inbox, tmp_path / "stays.lua", ENDLESS)
    wait_until(lambda: "  on" in texts(stays))
    runs.close()
    archive = Archive()
    assert archive.find(stays.id).result == "cancelled"
    assert archive.find(left.id).going

    later = make()
    later.look()
    inbox.wait_for(RunsFound)
    (found,) = later.all
    assert (found.id, found.is_ours, later.running, later.newest) == (left.id, False, False, None)
    wait_until(lambda: "  on" in texts(found))
    wait_until(lambda: touches(later, "local", "k"))
    assert later.stop(left.id)
    wait_until(lambda: found.ended)
    assert found.result == "cancelled"
    later.open(stays.id)
    again = wait_until(lambda: later.by_id(stays.id))
    assert again is not None
    wait_until(lambda: again.ended)
    assert "  on" in texts(again)


def test_a_run_whose_process_is_killed_is_lost(runs: Runs, inbox: Inbox, tmp_path: Path) -> None:
    run = started(runs, inbox, tmp_path / "lost.lua", ENDLESS)
    wait_until(lambda: "  on" in texts(run))
    os.kill(wait_until(lambda: runs.archive.find(run.id).pid), signal.SIGKILL)
    assert inbox.wait_for(RunEnded).id == run.id
    assert run.result == "lost"
    assert run.error is not None
    assert "was killed" in run.error
    assert not runs.running


def test_what_cannot_begin_is_refused(
    runs: Runs, inbox: Inbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "none"))
    request = RunRequest("a.lua", "local")
    runs.start(request)
    refused = inbox.wait_for(RunRefused)
    assert refused.request is request
    assert "cannot start the run" in refused.error.message
    assert not runs.running


def test_what_is_not_to_be_kept_is_shown_all_the_same(
    make: Callable[..., Runs], inbox: Inbox, tmp_path: Path
) -> None:
    runs = make(keep_runs=0)
    run = started(runs, inbox, tmp_path / "greet.lua", LUA)
    inbox.wait_for(RunEnded)
    assert (run.result, "  hello" in texts(run)) == ("failed", True)
    with pytest.raises(RunNotFound):
        runs.archive.find(run.id)
