"""A run, as the screen is told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import Conflict
from sloth_tui.runner.describe import plain_text
from sloth_tui.runner.request import RunRequest
from sloth_tui.store import open_store
from sloth_tui.tui.messages import RunBegan, RunEnded, RunProgressed
from sloth_tui.tui.services.runs import Runs
from tests.support import wait_until
from tests.tui.services.inbox import Inbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LUA = """task({name = 'greet', run = function()
  print('hello')
  state.set('greeting', 'hi')
  state.set('api_token', 'secret')
end})"""
ENDLESS = "task({name = 'endless', run = function() print('on'); while true do end end})"


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def runs(base: Path, inbox: Inbox) -> Iterator[Runs]:
    runs = Runs(inbox, lambda key: "token" in key, grace=1.0)
    yield runs
    runs.close()


def test_a_run_is_told_from_beginning_to_end_and_secrets_are_masked(
    runs: Runs, inbox: Inbox, tmp_path: Path
) -> None:
    file = tmp_path / "greet.lua"
    file.write_text(LUA)
    runs.start(RunRequest(str(file), "local"))
    began = inbox.wait_for(RunBegan)
    assert (began.file, began.agent) == (str(file), "local")
    assert inbox.wait_for(RunEnded).result == "done"
    inbox.wait_for(RunProgressed)
    wait_until(lambda: not runs.running)
    output = runs.take()
    texts = [plain_text(line) for line in output.lines]
    assert "  hello" in texts
    assert '  changed greeting: absent -> "hi"' in texts
    assert "  changed api_token: absent -> (secret)" in texts
    assert (output.changed, output.task) == (2, "")
    assert runs.take().lines == []
    with open_store("local", "read") as store:
        origin = next(iter(store.change_sets())).origin
    assert origin is not None
    assert origin.run in runs.started


def test_one_run_at_a_time_and_it_can_be_stopped(runs: Runs, inbox: Inbox, tmp_path: Path) -> None:
    assert not runs.stop()
    file = tmp_path / "endless.lua"
    file.write_text(ENDLESS)
    runs.start(RunRequest(str(file), "local"))
    with pytest.raises(Conflict, match="going on already"):
        runs.start(RunRequest(str(file), "local"))
    wait_until(lambda: any(plain_text(line).strip() == "on" for line in runs.take().lines))
    assert runs.stop()
    assert inbox.wait_for(RunEnded).result not in ("done", "error")
    wait_until(lambda: not runs.running)
