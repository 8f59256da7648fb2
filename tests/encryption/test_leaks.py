"""A canary is found nowhere but in what it was asked for, and neither is the key: not on the disk, not in the
environment or the arguments of any process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sloth_tui.model import Query
from sloth_tui.runner.request import RunRequest
from sloth_tui.runs.archive import Archive
from sloth_tui.runs.starting import start
from sloth_tui.settings import load_settings
from sloth_tui.store import encryption, open_agents, open_store
from sloth_tui.store.sqlite import keys
from sloth_tui.store.worker_keys import keys_for_worker
from tests.ciphers import environment
from tests.cli.support import piped
from tests.support import wait_until
from tests.tui.driving import running

if TYPE_CHECKING:
    from collections.abc import Iterable

pytestmark = pytest.mark.slow

CANARY, KEY = b"CANARY-7f3a", "0123456789abcdef" * 4
TASKS = """
task({name = "hold", run = function()
  state.set("written", state.get("canary") .. "-more")
  local done = cmd("env; cat /proc/$PPID/environ | tr '\\\\0' '\\\\n'; ls /proc/self/fd; touch begun; "
    .. "while [ ! -e end ]; do sleep 0.05; done")
  state.set("environment", done.stdout)
end})
"""


def found(needles: Iterable[bytes], *directories: Path) -> list[str]:
    """Return the files under the directories, and the processes, that hold one of the needles."""
    hits = []
    for directory in directories:
        for path in sorted(directory.rglob("*")):
            try:
                content = path.read_bytes()
            except OSError:
                continue
            hits += [f"{path}: {needle!r}" for needle in needles if needle in content]
    for process in Path("/proc").glob("[0-9]*"):
        for name in ("environ", "cmdline"):
            try:
                content = (process / name).read_bytes()
            except OSError:
                continue
            hits += [f"{process}/{name}: {needle!r}" for needle in needles if needle in content]
    return hits


@pytest.fixture
def needles(base: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[bytes]:
    """What must not be found: the canary, and the key as digits and as bytes. Its file is elsewhere."""
    key = tmp_path / "elsewhere.key"
    key.touch(mode=0o600)
    key.write_text(KEY)
    base.mkdir()
    (base / "config.toml").write_text(f'[encryption]\nkey = "file:{key}"\nnew_agents = true\n')
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    return [CANARY, KEY.encode(), bytes.fromhex(KEY)]


def test_a_run_leaves_no_trace(base: Path, needles: list[bytes], tmp_path: Path) -> None:
    """While it goes on, with the log open, and afterwards; the worker has its key by a pipe."""
    with open_store("local", "write") as store:
        store.set("canary", CANARY.decode())
    (tmp_path / "tasks.lua").write_text(TASKS)
    command = [sys.executable, "-m", "sloth_tui", "run", "tasks.lua"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        wait_until(lambda: (tmp_path / "begun").exists() or run.poll() is not None)
        assert (base / "state" / "local.db-wal").exists()
        during = found(needles, base, tmp_path / "temporary")
        (tmp_path / "end").touch()
        out, err = run.communicate(timeout=60)
    assert run.returncode == 0, out + err
    assert during == []
    assert found(needles, base, tmp_path / "temporary") == []
    assert piped("state", "get", "written").out == f"{CANARY.decode()}-more\n"
    seen = piped("state", "get", "environment").out
    assert KEY not in seen
    descriptors = [line for line in seen.splitlines() if line.isdigit()]
    assert descriptors == ["0", "1", "2", "3"], "3 is the directory that ls reads"


def test_a_run_without_a_key_ends_where_it_needs_its_state(
    database: Path, key_file: Path, tmp_path: Path
) -> None:
    piped("state", "encrypt", "--yes")
    key_file.unlink()
    keys.forget()
    (tmp_path / "none.lua").write_text('task({name = "t", run = function() print("no state") end})')
    (tmp_path / "some.lua").write_text('task({name = "t", run = function() state.set("n", 4) end})')
    done = [
        subprocess.run(
            [sys.executable, "-m", "sloth_tui", "run", file],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        for file in ("none.lua", "some.lua")
    ]
    assert done[0].returncode == 0, done[0].stderr
    assert done[1].returncode == 20, done[1].stderr
    assert "encrypted, and there is no key for it" in done[1].stdout + done[1].stderr


def test_a_prediction_reads_a_copy_that_is_plain_in_memory_only(
    base: Path, needles: list[bytes], tmp_path: Path
) -> None:
    with open_store("local", "write") as store:
        store.set("canary", CANARY.decode())
    (tmp_path / "tasks.lua").write_text(
        'task({name = "t", run = function() state.set("new", state.get("canary") .. "!") end})'
    )
    done = subprocess.run(
        [sys.executable, "-m", "sloth_tui", "run", "--check", "tasks.lua"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 10, done.stderr
    assert f'would change new: absent -> "{CANARY.decode()}!"' in done.stdout
    assert found(needles, base, tmp_path / "temporary") == []


def test_a_copy_that_is_too_large_for_memory_is_an_encrypted_file_without_a_name(
    base: Path, needles: list[bytes], tmp_path: Path
) -> None:
    from sloth_tui.store.sqlite.engine.private_copy import open_private_copy

    with open_store("local", "write") as store:
        store.set_many({f"canary:{number}": CANARY.decode() * 50 for number in range(500)})
    copy = open_private_copy(str(base / "state" / "local.db"), largest_in_memory=0)
    try:
        assert copy.execute("SELECT count(*) FROM state").get == 500
        copy.execute("BEGIN IMMEDIATE")
        copy.execute("DELETE FROM state WHERE key = 'canary:7'")
        opened = {
            os.readlink(f"/proc/self/fd/{number}"): number
            for number in os.listdir("/proc/self/fd")
            if os.path.islink(f"/proc/self/fd/{number}")
        }
        (unnamed,) = [number for target, number in opened.items() if "sloth-copy-" in target]
        with open(f"/proc/self/fd/{unnamed}", "rb") as file:
            content = file.read()
        assert len(content) > 4096
        assert not any(needle in content for needle in needles)
        copy.execute("ROLLBACK")
    finally:
        copy.close()
    assert list((tmp_path / "temporary").iterdir()) == []


def test_everything_that_is_done_to_a_store_leaves_no_trace(
    base: Path, needles: list[bytes], tmp_path: Path
) -> None:
    with open_store("local", "write") as store:
        for number in range(300):
            store.set(f"canary:{number}", CANARY.decode() * 20)
        store.delete("canary:7")
        list(store.top_entries("largest", 5))  # sorts
        window = store.window()
        list(window.index(Query(), 0))
        window.close()
        store.stats()
    agents = open_agents()
    agents.back_up("local")
    agents.duplicate("local", "copy")
    agents.remove("copy")
    encryption.rekey("local")
    newest = (tmp_path / "elsewhere.key").read_text().splitlines()[2].split()[1]
    with open_store("local", "write") as store:
        store.set("canary:8", CANARY.decode())
    assert found([*needles, newest.encode(), bytes.fromhex(newest)], base, tmp_path / "temporary") == []


async def test_the_terminal_ui_leaves_no_trace(base: Path, needles: list[bytes], tmp_path: Path) -> None:
    from sloth_tui.settings import load_settings
    from sloth_tui.tui.app import SlothApp
    from sloth_tui.tui.ui_state import UiStateFile, load

    with open_store("local", "write") as store:
        store.set("canary", CANARY.decode())
    state, _ = load()
    app = SlothApp("local", load_settings(), read_only=False, ui_state=UiStateFile(state))
    async with running(app=app) as screen:
        await screen.sees(CANARY.decode())
        assert found(needles, base, tmp_path / "temporary") == []
    assert found(needles, base, tmp_path / "temporary", Path.home()) == []


def test_a_run_of_a_screen_leaves_no_trace(
    base: Path, needles: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does the process that keeps it: the key comes through a pipe, and no values are recorded."""
    with open_store("local", "write") as store:
        store.set("canary", CANARY.decode())
    (tmp_path / "tasks.lua").write_text(TASKS)
    monkeypatch.chdir(tmp_path)
    request = RunRequest("tasks.lua", "local")
    command_line = f"sloth-runner run tasks.lua --set x={CANARY.decode()}"
    run = start(request, keys=keys_for_worker("local"), command_line=command_line, settings=load_settings())
    pid = wait_until(lambda: Archive().find(run.id).pid)
    public = [Path(f"/proc/{pid}/{name}").read_bytes() for name in ("environ", "cmdline")]
    wait_until(lambda: (tmp_path / "begun").exists() or run.ended)
    during = found(needles, base, tmp_path / "temporary")
    (tmp_path / "end").touch()
    assert run.wait(60)
    run.close()
    assert Archive().find(run.id).result == "done"
    assert not [needle for needle in needles for told in public if needle in told]
    assert during == found(needles, base, tmp_path / "temporary") == []
