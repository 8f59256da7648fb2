"""Databases that cannot be read as they are, and must not be taken for empty ones."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from sloth_tui.store import open_path
from tests.store.sqlite.others import DOCUMENTED, run_other

if TYPE_CHECKING:
    from pathlib import Path

_CRASH = """
import os, shutil, sqlite3, sys
path, copy = sys.argv[1:]
connection = sqlite3.connect(path, isolation_level=None)
connection.execute("PRAGMA cache_size = 5")
connection.execute("BEGIN IMMEDIATE")
connection.execute("UPDATE state SET value = replace(value, 'old', 'new')")
for suffix in ("", "-journal"):
    shutil.copy(path + suffix, copy + suffix)
os._exit(0)
"""


def leave_a_hot_journal(path: Path, tmp_path: Path) -> Path:
    """Make ``path`` a database whose writer crashed when half of its transaction was in the file.

    The values that were committed begin with ``old``, the others with ``new``.
    """
    original = tmp_path / "original.db"
    run_other(
        original,
        DOCUMENTED,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) "
        "INSERT INTO state (key, value) SELECT 'key:' || i, 'old' || hex(zeroblob(200)) FROM n",
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    for file in path.parent.glob(path.name + "*"):
        file.unlink()
    subprocess.run([sys.executable, "-c", _CRASH, str(original), str(path)], check=True, timeout=60)
    assert path.with_name(path.name + "-journal").read_bytes()[:1] == b"\xd9"
    assert b"new" in path.read_bytes()
    return path


def emptied_beside_a_log(path: Path) -> None:
    store = open_path(str(path), "write")
    store.set("key", "other")
    copies = {suffix: path.with_name(path.name + suffix).read_bytes() for suffix in ("-wal", "-shm")}
    store.close()
    path.write_bytes(b"")
    path.with_name(path.name + "-wal").write_bytes(copies["-wal"])


def emptied_beside_an_empty_log(path: Path) -> None:
    path.write_bytes(b"")
    path.with_name(path.name + "-wal").write_bytes(b"")


def emptied_beside_the_index_of_a_log(path: Path) -> None:
    path.write_bytes(b"")
    path.with_name(path.name + "-shm").write_bytes(bytes(32768))


def emptied_beside_a_journal(path: Path) -> None:
    path.write_bytes(b"")
    header = bytes.fromhex("d9d505f920a163d7") + (1).to_bytes(4, "big") + bytes(4) + (3).to_bytes(4, "big")
    path.with_name(path.name + "-journal").write_bytes(header + bytes(8))


EMPTIED = [
    emptied_beside_a_log,
    emptied_beside_an_empty_log,
    emptied_beside_the_index_of_a_log,
    emptied_beside_a_journal,
]
"""Each takes a database of ours and leaves no byte of it, beside what tells that there were some."""
