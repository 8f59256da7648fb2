"""Databases of known content, and damaged copies of them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from random import Random
from typing import TYPE_CHECKING

from sloth_tui.origin import this_process
from sloth_tui.store import open_store

if TYPE_CHECKING:
    from pathlib import Path

KINDS = ("bits", "pages", "sectors", "truncated", "header", "log")
MOST_FLIPS = 30

_WRITE_AND_DIE = """
import os, sys
from sloth_tui.origin import this_process
from sloth_tui.store import open_store
from tests.store.sqlite.repair.damaging import late
store = open_store("local", "write", origin=this_process("sloth-runner", "late"))
store.set("late:0", "0")
for values in late():
    store.set_many(values)
os.kill(os.getpid(), 9)
"""


def early() -> dict[str, str]:
    return {f"key:{number:05}": f"value {number} " * (number % 23 + 1) for number in range(600)}


def late() -> list[dict[str, str]]:
    """What is only in the log, a commit each."""
    return [
        {f"key:{number:05}": f"late {step} of {number}" for number in range(step * 20, step * 20 + 40)}
        for step in range(8)
    ]


def write_originals(base: Path) -> None:
    """Write ``plain.db``, whose log is ended, and ``logged.db`` with a log that nobody has ended."""
    with open_store("local", "write", origin=this_process("sloth-runner", "early")) as store:
        store.set_many(early())
        store.set("large", "large " * 5000)
        for key in list(early())[::50]:
            store.set(key, "again " + key)
            store.delete(key)
            store.set(key, "again " + key)
        store.delete("key:00007")
    path = base / "state" / "local.db"
    shutil.copy(path, base / "plain.db")
    subprocess.run([sys.executable, "-c", _WRITE_AND_DIE], check=False)
    shutil.copy(path, base / "logged.db")
    shutil.copy(path.with_name("local.db-wal"), base / "logged.db-wal")
    for file in (base / "state").iterdir():
        file.unlink()


def damage(base: Path, number: int) -> str:
    """Put a damaged copy in the place of the default agent's database; return the kind of damage."""
    chance, kind = Random(number), KINDS[number % len(KINDS)]
    for file in (base / "state").iterdir():
        file.unlink()
    content = bytearray((base / ("logged.db" if kind == "log" else "plain.db")).read_bytes())
    log = bytearray((base / "logged.db-wal").read_bytes()) if kind == "log" else None
    if kind == "bits":
        _flip(content, chance, chance.randrange(1, MOST_FLIPS + 1), 0)
    elif kind == "pages":
        for _ in range(chance.randrange(1, 4)):
            start = chance.randrange(len(content) // 4096) * 4096
            content[start : start + 4096] = bytes(4096)
    elif kind == "sectors":
        for _ in range(chance.randrange(1, 4)):
            start = chance.randrange(len(content) // 512) * 512
            content[start : start + 512] = chance.randbytes(512)
    elif kind == "truncated":
        del content[chance.randrange(4096, len(content)) :]
    elif kind == "header":
        length = chance.choice((16, 100, 4096))
        content[:length] = chance.choice((bytes, chance.randbytes))(length)
    elif log is not None and chance.random() < 0.5:
        _flip(log, chance, chance.randrange(1, 4), 0)
    elif log is not None:
        del log[chance.randrange(len(log)) :]
    (base / "state" / "local.db").write_bytes(content)
    if log is not None:
        (base / "state" / "local.db-wal").write_bytes(log)
    return kind


def _flip(content: bytearray, chance: Random, count: int, first: int) -> None:
    for _ in range(count):
        content[chance.randrange(first, len(content))] ^= 1 << chance.randrange(8)
