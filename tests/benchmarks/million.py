"""A database of many keys, made by another program as the documented schema says and then adopted by us."""

from __future__ import annotations

import subprocess
import sys

from sloth_tui.store import open_path

ROWS = 1_000_000
_KINDS = ("package:installed:", "config:hash:/etc/", "deployment:version:", "cluster:node:", "service:state:")
_NAMES = ("nginx", "redis", "postgres", "mariadb", "openssl", "python", "haproxy", "kafka", "etcd", "sloth")

# The standard library's sqlite3 must not touch a file that this process opens by APSW: it runs elsewhere.
_FILL = """
import sqlite3, sys
sys.path.insert(0, "")
from tests.benchmarks.million import key, value
connection = sqlite3.connect(sys.argv[1])
connection.executescript('''
PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL,
  created_at DATETIME DEFAULT CURRENT_TIMESTAMP, updated_at DATETIME DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE locks (name TEXT PRIMARY KEY, holder TEXT NOT NULL,
  acquired_at DATETIME DEFAULT CURRENT_TIMESTAMP, expires_at DATETIME NOT NULL);
''')
rows = ((key(number), value(number)) for number in range(int(sys.argv[2])))
connection.executemany("INSERT INTO state (key, value) VALUES (?, ?)", rows)
connection.commit()
connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
"""


def key(number: int) -> str:
    """The key of row ``number``; rows are in no order."""
    mixed = number * 7919
    return f"{_KINDS[mixed % 5]}{_NAMES[mixed // 5 % 10]}-{number:07}"


def value(number: int) -> str:
    return f"v{number} " + "x" * (number * 31 % 100)


def fill(path: str, rows: int = ROWS) -> list[str]:
    """Make the database; returns its keys in order."""
    subprocess.run([sys.executable, "-c", _FILL, path, str(rows)], check=True)
    with open_path(path, "write") as store:
        store.set(key(0), "adopted")
    return sorted(key(number) for number in range(rows))
