"""The sample state of ``make demo``."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from sloth_tui.demo.entries import AGENTS, LOCAL, LOCKS
from sloth_tui.demo.filling import fill, fill_store
from sloth_tui.demo.place import make_place
from sloth_tui.model import Origin
from sloth_tui.settings import load_settings
from sloth_tui.settings_commands import read_commands
from sloth_tui.store import open_path, open_store
from sloth_tui.tui.services.commands.handing import Chosen, chosen_keys, hand_over
from tests.cli.support import piped
from tests.tui.services.commands.support import commands, ended, printed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.support import Result

ORIGIN = Origin("ana", "host", 1, "sloth-tui", "sample state")


@pytest.mark.parametrize("agent", AGENTS)
def test_any_store_can_be_filled_with_it(tmp_path: Path, agent: str) -> None:
    with open_path(str(tmp_path / "store.db"), "write") as store:
        ends = fill_store(store, agent, ORIGIN, time.time())
        assert dict(AGENTS[agent]).items() <= dict(store.items()).items()
        revisions = [revision for revision, _ in ends]
        assert revisions == sorted(revisions)
        assert ends[-1][0] == store.revision()
        assert [lock.name for lock in store.locks()] == sorted(name for name, _, _ in LOCKS[agent])
        # What changes nothing of an agent is no change set of its.
        assert len(list(store.change_sets())) == len(set(revisions))


def test_the_files_of_it_say_that_most_happened_in_the_past() -> None:
    now = time.time()
    fill(ORIGIN, now)
    with open_store("local") as store:
        assert dict(LOCAL).items() <= dict(store.items()).items()
        oldest = min(change.at for change in store.change_sets())
    assert now - oldest > 10 * 86400


@pytest.fixture
def tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of the sample's task files, where this process is."""
    monkeypatch.setenv("PATH", os.environ["PATH"])
    made = make_place(str(tmp_path / "demo"))
    monkeypatch.chdir(made)
    return tmp_path / "demo" / "tasks"


def run(*words: str) -> Result:
    return piped("run", "deploy.lua", "--values", "deploy.values.yaml", "--set", "pause=0", *words)


@pytest.mark.slow
def test_its_task_file_rolls_out_once_and_fails_where_it_is_told_to(tasks: Path) -> None:
    fill(ORIGIN, time.time())
    first = run()
    assert (first.code, first.err) == (0, ""), first.out
    assert "shop-v2.4.0.tar.gz 100 %" in first.out
    assert (tasks.parent / "hosts" / "web2" / "app.conf").read_text().startswith("# The shop on web2\n")
    with open_store("local") as store:
        assert store.get("deployment:version") == store.get("deployed:web1") == "v2.4.0"
        assert store.get("deployment:previous") == LOCAL["deployment:version"]
        revision = store.revision()
    second = run("--set", "unwell=web2")
    assert second.code == 20
    assert "the shop does not answer on web2" in second.out
    with open_store("local") as store:
        assert store.revision() == revision
    assert piped("run", "warm-cache.lua", "--set", "pages=1").code == 0


@pytest.mark.slow
def test_its_own_commands_do_what_they_say(tasks: Path) -> None:
    fill(ORIGIN, time.time())
    handed = {
        "diff": (chosen_keys(["deployment:version"]), "v2.3.0 -> v2.3.1"),
        "publish": (chosen_keys(["deployment:version", "config:v7"]), "2 copied"),
        "save": (Chosen(("local",), {}), "backups/local-"),
    }
    own = {command.name: command for command in read_commands(load_settings())}
    assert own.keys() == handed.keys()
    for name, (chosen, told) in handed.items():
        ran = ended(commands().start(hand_over(own[name], chosen, agent="local", store=None)))
        assert told in "\n".join(printed(ran))
        assert ran.exit_code == 0
