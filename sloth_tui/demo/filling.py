"""Writes the sample state, as if it had come about in the last days.

The oldest entries are written as by another program that knows only the documented schema. The rest is
written through the store and dated back.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.demo.entries import AGENTS, LOCKS
from sloth_tui.model import Origin
from sloth_tui.store import open_store
from sloth_tui.store.sqlite import database_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.model import Value
    from sloth_tui.store.port import Store

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
