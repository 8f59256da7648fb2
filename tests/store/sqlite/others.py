"""Programs that know nothing of us: they use the standard library's sqlite3, in a process of their own,
because two SQLite libraries in one process that open one file lose data."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sloth_tui.store import open_path

if TYPE_CHECKING:
    from collections.abc import Iterator
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
import json, sqlite3, sys, traceback
def run(path, statements):
    connection = sqlite3.connect(path, isolation_level=None)
    rows = []
    for statement, *bindings in statements:
        if ";" in statement.strip().rstrip(";"):
            connection.executescript(statement)
        else:
            rows = connection.execute(statement, bindings).fetchall()
    connection.close()
    return rows
for line in sys.stdin:
    try:
        print(json.dumps([run(*json.loads(line)), None]), flush=True)
    except Exception:
        print(json.dumps([[], traceback.format_exc()]), flush=True)
"""
_lasting: list[subprocess.Popen[str]] | None = None
"""None, or the one process that runs the statements of all calls, as soon as there is one."""


@contextmanager
def one_program() -> Iterator[None]:
    """Have one process run what calls of :func:`run_other` in this block ask for: to start one takes longer.

    It opens the database for each call, and closes it.
    """
    global _lasting  # noqa: PLW0603 - tests call a function, wherever they are
    _lasting = []
    try:
        yield
    finally:
        for process in _lasting:
            process.communicate(timeout=60)
        _lasting = None


def run_other(path: Path, *statements: str | tuple[object, ...]) -> list[list[object]]:
    """Let another program run these statements, each with its bindings; the rows of the last."""
    program = [statement if isinstance(statement, tuple) else (statement,) for statement in statements]
    request = json.dumps([str(path), program]) + "\n"
    if _lasting is None:
        process = _start()
        answer, _ = process.communicate(request, timeout=60)
    else:
        if not _lasting:
            _lasting.append(_start())
        (process,) = _lasting
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(request)
        process.stdin.flush()
        answer = process.stdout.readline()
    rows: list[list[object]]
    rows, error = json.loads(answer)
    assert error is None, error
    return rows


def _start() -> subprocess.Popen[str]:
    command = [sys.executable, "-S", "-c", _PROGRAM]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


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
