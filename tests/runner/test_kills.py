"""Workers killed at random moments, under the command line: what was said stays true."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from sloth_tui.store import open_store
from tests.runner.support import write
from tests.runner.test_stopping import worker_pids
from tests.support import rounds

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


ROUNDS = rounds(2, 40)
TASKS = """
    task({name = "writes", run = function()
        state.lock("plain", "me", 600)
        print("plain")
        state.with_lock("tied", "me", 600, function()
            for i = 1, 1e9 do
                local n = state.increment("n")
                if i % 10 == 0 then print("ack " .. n) end
            end
        end)
    end})
    task({name = "after", run = function() end})
"""


@pytest.mark.parametrize("seed", range(rounds(3, 5)))
def test_killed_at_random_moments(tmp_path: Path, seed: int) -> None:
    path = write(tmp_path, TASKS)
    chance = random.Random(seed)
    for _ in range(ROUNDS):
        killed_run(path, chance)


def killed_run(path: str, chance: random.Random) -> None:
    command = [sys.executable, "-m", "sloth_tui", "run", path, "-o", "jsonl"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        worker = worker_pids(run.pid)
        victim = worker[chance.choice((0, 1, 2, 2, 2, 2))]
        time.sleep(chance.random() * 0.12)  # the random moment itself, not a wait for anything
        os.kill(victim, signal.SIGKILL)
        out, err = run.communicate(timeout=60)
    told = [json.loads(line) for line in out.splitlines()]
    check_words(told, run.returncode, err)
    check_store(told)


def check_words(told: list[dict[str, Any]], code: int, err: str) -> None:
    last = told[-1]
    assert last["event"] == "run_finished"
    if any(event["event"] == "run_started" for event in told):
        assert (code, last["result"]) == (20, "failed")
        results = {e["task"]: (e["result"], e["error"]) for e in told if e["event"] == "task_finished"}
        assert results["writes"][0] == "failed"
        assert results["writes"][1].startswith("killed: its worker process ")
        assert results["after"] == ("skipped", "'writes' failed")
    else:
        assert (code, last["result"]) == (1, "error")
        assert "killed: its worker process " in err
    assert "Traceback" not in err


def check_store(told: list[dict[str, Any]]) -> None:
    lines = [event["text"] for event in told if event["event"] == "task_output"]
    changes = [event for event in told if event["event"] == "key_changed"]
    acknowledged = [int(line.removeprefix("ack ")) for line in lines if line.startswith("ack")]
    with open_store("local", "write") as store:
        held = [lock.name for lock in store.locks()]
        number = store.get("n", 0)
        assert isinstance(number, int)
        assert number >= max(acknowledged, default=0)
        # What was told is what was committed: no more, no less, up to the very last write.
        assert [change["new"] for change in changes] == list(range(number - len(changes) + 1, number + 1))
        assert "tied" not in held
        if "plain" in lines:
            assert held == ["plain"]
            assert any("lock 'plain' is still held" in e["message"] for e in told if e["event"] == "warned")
        if held:
            store.break_lock("plain")
