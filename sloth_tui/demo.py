"""Sample state for a first look. ``python -m sloth_tui.demo`` opens the terminal UI on it.

Everything is in a temporary base directory that is removed on exit; the user's state is neither read nor
changed. The oldest entries are written as by another program that knows only the documented schema. The rest
is written through the store and dated back. Screenshots use this state, too. With ``SLOTH_RUNNER_STORE`` the
store of that address, which should be empty, is filled instead; there everything happened just now.
"""

from __future__ import annotations

import hashlib
import os
import socket
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import ExitCode
from sloth_tui.model import Origin
from sloth_tui.store import open_store
from sloth_tui.store.sqlite import database_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.model import Value
    from sloth_tui.store.port import Store

PACKAGES = ("nginx", "curl", "git", "postgresql-15", "redis-server", "certbot", "fail2ban", "htop")
CONFIG_FILES = (
    "/etc/nginx/nginx.conf",
    "/etc/app/config.ini",
    "/etc/redis/redis.conf",
    "/etc/ssh/sshd_config",
)

DEPLOY = """\
-- A deploy that runs once a version: try it twice.
task({
    name = "deploy",
    description = "Roll the wanted version out, once",
    run = function()
        local wanted = values.version or "v2.4.0"
        if state.get("deployment:version") == wanted then
            print("already on " .. wanted .. " (skipping)")
            return
        end
        state.with_lock("deployment", "deploy.lua", 60, function()
            for step, name in ipairs({"fetch", "migrate", "switch", "warm up"}) do
                print(step .. "/4 " .. name)
                state.set("deployment:status", name)
            end
            state.set("deployment:previous", state.get("deployment:version"))
            state.set("deployment:version", wanted)
            state.set("deployment:status", "complete")
            state.increment("deployment:count")
        end)
        print("deployed " .. wanted)
    end
})
"""


def _packages(names: tuple[str, ...], installed_at: int) -> dict[str, Value]:
    return {f"package:installed:{name}": str(installed_at + 97 * i) for i, name in enumerate(names)}


def _hashes(salt: str) -> dict[str, Value]:
    return {
        f"config:hash:{path}": hashlib.sha256(f"{salt} {path}".encode()).hexdigest() for path in CONFIG_FILES
    }


LOCAL: dict[str, Value] = {
    **_packages(PACKAGES, 1_790_000_000),
    **_hashes("local"),
    "deployment:version": "v2.3.1",
    "deployment:previous": "v2.3.0",
    "deployment:status": "complete",
    "deployment:replicas": "1",
    "environment:type": "development",
    "config:version": 7,
    "config:current": "7",
    "config:v7": {
        "listen": ["0.0.0.0:8080", "[::]:8080"],
        "workers": 4,
        "tls": False,
        "features": {"search": True, "beta": False, "quota_mb": 512.5},
    },
    "cluster:leader": "agent1",
    "temporary:upload:8f3a": "/srv/incoming/upload-8f3a.tar.gz",
    "temporary:upload:91bc": "/srv/incoming/upload-91bc.tar.gz",
    "user:www-data": "created",
    "dir:/var/www": "created",
    "service:nginx": "created",
    "backup:last_ok": True,
    "app:api_token": "tok_5f2b8d1c9e",
}

MARIAGUICA: dict[str, Value] = {
    **_packages(PACKAGES[:5], 1_788_400_000),
    **_hashes("mariaguica"),
    "deployment:version": "v2.3.0",
    "deployment:status": "in-progress",
    "environment:type": "staging",
    "backup:nightly": {"at": "02:30", "keep": 14, "targets": ["/srv", "/etc"], "ok": True},
    "backup:runs": 412,
    "sensor:temperature": 21.75,
    "message:greeting": "olá, 世界 👋",
    "certificate:fingerprint": bytes.fromhex("8ba4f1d2003c7e99ff10"),
}

PRODUCTION: dict[str, Value] = {
    **_packages(PACKAGES[:4], 1_785_000_000),
    **_hashes("production"),
    "deployment:version": "v2.2.9",
    "deployment:status": "complete",
    "deployment:replicas": "5",
    "environment:type": "production",
    "cluster:leader": "agent2",
    "cluster:members": ["agent1", "agent2", "agent3"],
    "database:migrations": 118,
    "database:password": "correct horse battery staple",
    **{f"host:web{i:02d}:kernel": f"6.1.{100 + i}" for i in range(1, 13)},
    **{f"host:web{i:02d}:rebooted": i % 3 == 0 for i in range(1, 13)},
}

AGENTS: dict[str, dict[str, Value]] = {"local": LOCAL, "mariaguica": MARIAGUICA, "production": PRODUCTION}

LOCKS = {
    "local": (("backup", "nightly", 3600.0), ("certificates", "certbot-renew", 45.0)),
    "mariaguica": (("backup", "nightly", 5400.0),),
    "production": (("deployment", "task-123", 300.0), ("migrations", "release-42", 30.0)),
}
"""Agent -> name, holder, seconds. The short locks are about to expire when the TUI opens."""


_DOCUMENTED_SCHEMA = """
CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL, created_at DATETIME, updated_at DATETIME);
CREATE TABLE locks (name TEXT PRIMARY KEY, holder TEXT NOT NULL, acquired_at DATETIME,
                    expires_at DATETIME NOT NULL);
"""
_AGE_MINUTES = (3, 3, 8, 40, 47, 190, 600, 1500, 1500, 1500, 4000, 9000)
"""Minutes since the last change of the entries that are strings; repeated for further entries."""


RELEASES = (
    (16000, "v1.9.0"), (11600, "v2.0.0"), (10100, "v2.0.1"), (8700, "v2.0.2"), (7300, "v2.1.0"),
    (5900, "v2.1.1"), (4400, "v2.1.2"), (2900, "v2.2.0"), (1460, "v2.2.8"), (310, "v2.2.9"), (95, "v2.3.0"),
)  # fmt: skip
"""The deploys before the last one: how many minutes ago, and the version."""


_DATE_BACK = (
    "UPDATE sloth_history SET at = :at WHERE revision > :after AND revision <= :upto",
    "UPDATE sloth_changes SET at = :at WHERE first_revision > :after AND first_revision <= :upto",
    "UPDATE state SET updated_at = strftime('%Y-%m-%d %H:%M:%f', :at / 1000.0, 'unixepoch') "
    "WHERE revision > :after AND revision <= :upto",
    "UPDATE state SET created_at = min(created_at, strftime('%Y-%m-%d %H:%M:%f', :at / 1000.0, 'unixepoch')) "
    "WHERE key IN (SELECT key FROM sloth_history WHERE revision > :after AND revision <= :upto)",
)


_PAST_PID = 4242
"""The process id in old change sets; it is not that of a running process."""


class Chapter(NamedTuple):
    """One change set of the sample history."""

    minutes: float
    """Minutes ago."""
    user: str
    program: str
    title: str
    change: Callable[[Store], object]


def _deploy(version: str) -> Callable[[Store], object]:
    def change(store: Store) -> None:
        with store.transaction():
            store.set("deployment:previous", str(store.get("deployment:version")))
            store.set("deployment:version", version)
            store.increment("deployment:count")

    return change


def _chapters(entries: dict[str, Value]) -> list[Chapter]:
    """Return the change sets that lead to an agent's entries, the oldest first."""
    last = str(entries["deployment:version"])
    releases = [*((ago, version) for ago, version in RELEASES if version < last), (9, last)]
    fewer = {**entries, "deployment:replicas": "3", "deployment:version": "v1.8.4"}
    for key in ("backup:last_ok", "deployment:previous"):
        fewer.pop(key, None)
    chapters = [
        Chapter(17200, "ana", "sloth-runner", "run bootstrap.lua", lambda store: store.set_many(fewer)),
        *(
            Chapter(ago, "ci", "sloth-runner", f"run deploy.lua --set version={version}", _deploy(version))
            for ago, version in releases
        ),
        Chapter(
            180, "ana", "sloth-tui", "edit deployment:status",
            lambda store: store.set("deployment:status", "in-progress"),
        ),
        Chapter(
            41, "bruno", "sloth-runner", "state set deployment:replicas",
            lambda store: store.set("deployment:replicas", entries.get("deployment:replicas", "1")),
        ),
        Chapter(
            8.5, "ci", "sloth-runner", "run smoke-test.lua", lambda store: store.set_many(entries)
        ),
    ]  # fmt: skip
    return sorted(chapters, key=lambda chapter: -chapter.minutes)


def fill(origin: Origin, now: float) -> None:
    """Write the sample state of every agent under the current base directory.

    ``now``: unix seconds. ``origin``: the owner of the locks. No store of these agents may be open in this
    process meanwhile.
    """
    for agent, entries in AGENTS.items():
        path = database_path(agent)
        old = {key: value for key, value in entries.items() if isinstance(value, str)}
        old["deployment:version"], old["deployment:previous"] = "v1.8.4", "v1.8.3"
        _write_documented_schema(path, old, now)
        with open_store(agent, "write") as store:
            ends = fill_store(store, agent, origin, now)
        _date_back(path, ends)


def fill_store(store: Store, agent: str, origin: Origin, now: float) -> list[tuple[int, float]]:
    """Write an agent's sample state and locks into its store, whatever the backend.

    Return the change sets, the oldest first: the last revision of each, and when it is meant to have been, in
    unix seconds.
    """
    ends: list[tuple[int, float]] = []
    for number, (minutes, user, program, title, change) in enumerate(_chapters(AGENTS[agent])):
        run = f"{number:08x}" if title.startswith("run ") else None
        store.set_origin(Origin(user, origin.host, _PAST_PID, program, title, run))
        change(store)
        ends.append((store.revision(), now - 60 * minutes))
    store.set_origin(origin)
    for name, holder, seconds in LOCKS[agent]:
        store.acquire(name, holder, seconds)
    return ends


def _date_back(path: str, ends: list[tuple[int, float]]) -> None:
    """Date back what was just written: the revisions up to each number to its time (unix seconds)."""
    with closing(sqlite3.connect(path)) as database, database:
        after = 0
        for revision, at in ends:
            span = {"after": after, "upto": revision, "at": int(at * 1000)}
            for statement in _DATE_BACK:
                database.execute(statement, span)
            after = revision


def _write_documented_schema(path: str, entries: dict[str, str], now: float) -> None:
    """Create a database of the documented schema, with entries that were changed in the past."""
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
    # Two SQLite libraries must never have one file open at once; it is closed here before the store opens it.
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(_DOCUMENTED_SCHEMA)
        for i, (key, value) in enumerate(entries.items()):
            updated = now - 60 * _AGE_MINUTES[i % len(_AGE_MINUTES)] - 7 * i
            created = updated - 86400 * (i % 5)
            times = [time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at)) for at in (created, updated)]
            database.execute("INSERT INTO state VALUES (?, ?, ?, ?)", (key, value, *times))


def main() -> int:
    """Fill a temporary base directory or the chosen store, open the TUI on it, remove the directory.

    With the argument ``web`` it is served to a browser.
    """
    web = sys.argv[1:] == ["web"]
    if not web and not (sys.stdin.isatty() and sys.stdout.isatty()):
        sys.stderr.write("error: the terminal UI needs a terminal\n")
        return ExitCode.USAGE
    with tempfile.TemporaryDirectory(prefix="sloth-demo-") as directory:
        os.environ["SLOTH_RUNNER_HOME"] = os.path.join(directory, "base")
        user = os.environ.get("USER", "demo")
        origin = Origin(user, socket.gethostname(), os.getpid(), "sloth-tui", "sample state")
        if os.environ.get("SLOTH_RUNNER_STORE"):
            for agent in AGENTS:
                with open_store(agent, "write") as store:
                    fill_store(store, agent, origin, time.time())
        else:
            fill(origin, time.time())
        tasks = os.path.join(directory, "tasks")
        os.mkdir(tasks)
        with open(os.path.join(tasks, "deploy.lua"), "w", encoding="utf-8") as file:
            file.write(DEPLOY)
        os.chdir(tasks)
        try:
            return _serve() if web else _show()
        finally:
            os.chdir("/")


def _show() -> int:
    from sloth_tui.tui import run_app

    return run_app("local", read_only=False)


def _serve() -> int:
    from sloth_tui.cli import main as run_command

    sys.stderr.write("open this address in a browser; ctrl+c ends it\n")
    code = run_command(["web", "--agent", "local", "--port", "0"])
    return ExitCode.OK if code == ExitCode.INTERRUPTED else code


if __name__ == "__main__":
    sys.exit(main())
