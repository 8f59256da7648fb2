"""Programs that know nothing of us: they use the standard library's sqlite3, each in a process of its own,
because two SQLite libraries in one process that open one file lose data."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

from sloth_tui.store import open_path

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENTED = """
CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL, created_at DATETIME, updated_at DATETIME);
CREATE TABLE locks (
  name TEXT PRIMARY KEY, holder TEXT NOT NULL, acquired_at DATETIME, expires_at DATETIME NOT NULL);
"""
TOUCHED = """
CREATE TRIGGER touched AFTER UPDATE ON state BEGIN
  UPDATE state SET updated_at = CURRENT_TIMESTAMP WHERE key = NEW.key;
END;
"""
"""What some of them add to the documented tables."""

_PROGRAM = """
import json, sqlite3, sys
path, statements = sys.argv[1], json.load(sys.stdin)
connection = sqlite3.connect(path, isolation_level=None)
rows = []
for statement, *bindings in statements:
    if ";" in statement.strip().rstrip(";"):
        connection.executescript(statement)
    else:
        rows = connection.execute(statement, bindings).fetchall()
connection.close()
print(json.dumps(rows))
"""


def run_other(path: Path, *statements: str | tuple[object, ...]) -> list[list[object]]:
    """Let another program run these statements, each with its bindings; the rows of the last."""
    program = [statement if isinstance(statement, tuple) else (statement,) for statement in statements]
    done = subprocess.run(
        [sys.executable, "-S", "-c", _PROGRAM, str(path)],
        input=json.dumps(program),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    rows: list[list[object]] = json.loads(done.stdout)
    return rows


def remove_elsewhere(path: Path, suffixes: str = "*", *, replacement: Path | None = None) -> None:
    """Let another program remove the files whose names begin with that of the database and go on like one of
    ``suffixes``, and then put a file in its place."""
    script = f'for file in {shlex.quote(str(path))}{suffixes}; do rm -f "$file"; done'
    if replacement is not None:
        script += f" && mv {shlex.quote(str(replacement))} {shlex.quote(str(path))}"
    subprocess.run(["/bin/sh", "-c", script], check=True, timeout=60)


def files_of(path: Path) -> dict[str, bytes]:
    """Name -> content of the database and whatever lies beside it; for use while nobody has it open."""
    return {file.name: file.read_bytes() for file in sorted(path.parent.glob(path.name + "*"))}


def make_ours(path: Path) -> None:
    with open_path(str(path), "write") as store:
        store.set("key", "value")
