"""A store whose every figure stands still, for tests that compare output to the letter.

Golden files are in ``golden/``, one a command line. After a change that is meant, write them anew and
read the difference: ``SLOTH_UPDATE_GOLDEN=1 pytest tests/cli/test_golden.py && git diff tests/cli/golden``.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sloth_tui.model import Owner
from sloth_tui.origin import this_process
from sloth_tui.store import open_store
from sloth_tui.store.clock import Clock
from tests import workers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.model import Value

NOW = 1_764_000_000.0
"""2025-11-24 16:00:00 UTC."""
BOOTED = 1_000_000_000_000
BOOT_ID = "b0071d00-0000-4000-8000-000000000000"

HOSTILE: dict[str, Value] = {
    "hostile:escape\x1b[31m": "red \x1b[31m and \x1b]52;c;aGk=\x07 clipboard",
    "hostile:markup[bold]": "[red]not red[/red] [/x]",
    "hostile:newline\nkey": "two\nlines\tand a tab\r",
    "hostile:rtl\u202e": "invoice\u202efdp.exe \x9b31m",
    "-dash": "leading -",
    "100%": "percent",
    "under_score": "_",
    "underXscore": "X",
    "hostile:latin1": b"caf\xe9 \x1b[2J",
    "hostile:emoji": "🦥 ok — 漢字",
}

ORDINARY: dict[str, Value] = {
    "config:hash:/etc/nginx/nginx.conf": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "deploy:count": 42,
    "deploy:limits": {"cpu": 2, "memory": "512Mi", "zones": ["a", "b"], "canary": None, "load": 0.75},
    "deploy:live": True,
    "deploy:ratio": 0.5,
    "deployment:notes": "first line\nsecond line, which is rather longer than any terminal would like "
    "it to be, so that it has to be cut somewhere and say so",
    "deployment:version": "v1.2.3",
    "package:installed:nginx": "1763990000",
    "tls:key": b"\x30\x82\x01\xff",
}

_ALICE = '["alice","build-7",4242,"lua","run count.lua","run-7","count"]'
"""Who took the locks."""
_STAND_STILL = """
import sys, apsw
connection = apsw.Connection(sys.argv[1])
keys = [key for (key,) in connection.execute("SELECT key FROM state ORDER BY key")]
for number, key in enumerate(keys):
    connection.execute(
        "UPDATE state SET created_at = strftime('%Y-%m-%d %H:%M:%f', ?, 'unixepoch'),"
        " updated_at = strftime('%Y-%m-%d %H:%M:%f', ?, 'unixepoch') WHERE key = ?",
        (float(sys.argv[2]) - 86400 * 30, float(sys.argv[2]) - 10 ** (number % 6) - 0.25, key),
    )
connection.execute("UPDATE sloth_history SET at = 1763900000000 + revision * 9000000")
connection.execute("UPDATE sloth_changes SET at = 1763900000000 + first_revision * 9000000")
connection.execute("UPDATE sloth_lock_log SET who = ?", (sys.argv[3],))
connection.execute("UPDATE sloth_changes SET user = 'alice', host = 'build-7', title = 'set ' || id")
connection.close()
"""


def _stop_the_clocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: NOW)
    monkeypatch.setattr(Clock, "now", lambda _: BOOTED)
    monkeypatch.setattr(Clock, "boot_id", property(lambda _: BOOT_ID))
    owner = Owner("build-7", 4242, 123456, BOOT_ID)
    monkeypatch.setattr("sloth_tui.store.sqlite.locks.locks.current_process", lambda _: owner)


@pytest.fixture(autouse=True)
def forked_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of runs of this process. A program that a test starts has its own, as it is."""
    workers.use(monkeypatch)


@pytest.fixture
def still(base: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Time stands still, lock owners are 4242 on build-7, and the base directory's path is always as long."""
    _stop_the_clocks(monkeypatch)
    monkeypatch.setenv("TERM", "xterm-256color")
    directory = Path(tempfile.mkdtemp(prefix="sloth-", dir="/tmp"))
    monkeypatch.setenv("SLOTH_RUNNER_HOME", str(directory))
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def stocked(still: Path, warehouse: Path) -> Path:
    """The base directory with ordinary entries and two locks for ``local``, hostile ones for ``evil``."""
    shutil.copytree(warehouse / "state", still / "state")
    return still


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state that ``stocked`` is a copy of."""
    directory = tmp_path_factory.mktemp("warehouse")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("SLOTH_RUNNER_HOME", str(directory))
        _stop_the_clocks(monkeypatch)
        _stock()
    for agent in ("local", "evil"):
        # In a process of its own: two SQLite libraries must not share a file in one.
        path = directory / "state" / f"{agent}.db"
        subprocess.run([sys.executable, "-c", _STAND_STILL, path, str(NOW), _ALICE], check=True)
    return directory


def _stock() -> None:
    with open_store("local", "write") as store:
        store.set_many(ORDINARY)
        store.set_origin(this_process("lua", "run count.lua", "run-7", "count"))
        store.increment("deploy:count")
        store.set("deploy:count", 42)
        store.acquire("deployment", "ci-42", 300)
        store.acquire("migration", "alice", 3 * 86400 + 7200)
    with open_store("evil", "write") as store:
        for key, value in HOSTILE.items():
            store.set(key, value)
        store.acquire("lock\x1b]0;owned\x07", "[blink]holder\n", 60)
