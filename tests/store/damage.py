"""Makes damaged copies of a database, in a process of its own: cells of a wrong kind, bytes overwritten."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from sloth_tui.origin import this_process
from sloth_tui.store import open_store
from sloth_tui.store.sqlite.store import SqliteStore

if TYPE_CHECKING:
    from pathlib import Path

_CELLS = """
import random, sys, apsw
source, target, seed, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
WRONG = [
    "NULL", "0", "-1", "9223372036854775807", "-9223372036854775808", "1e300", "-1e999", "9e999", "0.5",
    "''", "'abc'", "'99999999999999999999'", "CAST(x'ff' AS TEXT)", "CAST(x'61ff62' AS TEXT)", "x''",
    "x'ff00'", "x'00'", "'table'", "'bytes'", "'integer'", "'float'", "'boolean'", "'secret'", "'{'",
    "'[1e999]'", "'\\x00'", "char(0xd800)", "'nan'", "'inf'", "'-4000-01-01'", "'now'",
    "'9999-12-31 23:59:59'",
    "'0000-00-00'", "printf('%.*c', 5000, '9')", "hex(zeroblob(3000))", "253402300800000", "-62167219201",
    "replace(hex(zeroblob(600)), '00', '[') || replace(hex(zeroblob(600)), '00', ']')",
]
for number in range(count):
    chance = random.Random(f"{seed}:{number}")
    path = f"{target}/d{number:05}.db"
    old = apsw.Connection(source, flags=apsw.SQLITE_OPEN_READONLY)
    new = apsw.Connection(path)
    with new.backup("main", old, "main") as backup:
        backup.step(-1)
    old.close()
    for (trigger,) in new.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        new.execute(f'DROP TRIGGER "{trigger}"')
    new.execute("PRAGMA writable_schema = ON")
    new.execute("UPDATE sqlite_schema SET sql = replace(sql, 'NOT NULL', '') WHERE type = 'table'")
    new.close()
    new = apsw.Connection(path)
    tables = [name for (name,) in new.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'").fetchall()]
    for _ in range(chance.choice((1, 1, 2, 5))):
        table = chance.choice(tables)
        columns = [row[1] for row in new.execute(f"PRAGMA table_info({table})").fetchall()]
        column, wrong = chance.choice(columns), chance.choice(WRONG)
        one = f"rowid = (SELECT rowid FROM {table} LIMIT 1 OFFSET {chance.randrange(30)})"
        where = chance.choice(("1", one))
        try:
            new.execute(f"UPDATE OR REPLACE {table} SET {column} = {wrong} WHERE {where}")
        except apsw.Error:
            pass
    new.execute("PRAGMA journal_mode = DELETE")
    new.close()
"""


def fill(base: Path) -> None:
    """Write something into every table of the default agent's database below ``base``."""
    (base / "config.toml").write_text('[history]\nkeep = 4\nsecret = ["*password*"]\n')
    with open_store("local", "write", origin=this_process("sloth-runner", "set")) as store:
        store.set_many({f"b:{number:04}": "x" * (number % 400) for number in range(150)})
        store.set("a:text", "text")
        store.set("a:table", {"list": [1, 2.5, None, True], "text": "x" * 300})
        store.set("a:float", 0.5)
        store.set("a:boolean", True)
        store.set("a:bytes", b"\xff" * 9000)
        store.set("a:gone", "gone")
        store.delete("a:gone")
        store.set("a:password", "secret")
        store.set("a:password", "secret 2")
        store.set("a:secret", "hidden")
        store.mark_secret("a:secret")
        store.set("a:secret", "hidden 2")
    with open_store("local", "write", origin=this_process("lua", "run", "run-1", "task")) as store:
        for _ in range(20):
            store.increment("a:integer")
        store.acquire("broken", "me", 3600)
        store.break_lock("broken")
        store.acquire("held", "me", 3600)
        store.acquire("other", "you", 3600, ephemeral=True)
        store.compact(keep=3)
        assert isinstance(store, SqliteStore)
        store._database.execute("INSERT OR IGNORE INTO sloth_forgotten VALUES ('a:integer', 2)")


def spoil_cells(source: Path, target: Path, seed: int, count: int) -> list[str]:
    """So many copies of a database with a few cells of a wrong kind; the names of the agents they are of."""
    subprocess.run(
        [sys.executable, "-c", _CELLS, str(source), str(target), str(seed), str(count)],
        check=True,
        timeout=600,
    )
    return [f"d{number:05}" for number in range(count)]


def spoil_bytes(source: Path, target: Path, seed: int, count: int) -> list[str]:
    """The same with bytes, or whole pages, overwritten; the header of the file stays what it is."""
    from random import Random

    content, names = source.read_bytes(), []
    for number in range(count):
        chance = Random(f"{seed}:{number}")
        damaged = bytearray(content)
        if chance.random() < 0.5:
            for _ in range(chance.choice((1, 3, 30, 300))):
                damaged[chance.randrange(100, len(damaged))] = chance.randrange(256)
        else:
            page = chance.randrange(len(damaged) // 4096)
            start = max(page * 4096 + chance.choice((0, 8, 100, 2000)), 100)
            end = min(start + chance.choice((1, 8, 100, 4096)), len(damaged))
            damaged[start:end] = chance.choice((bytes, chance.randbytes))(end - start)
        names.append(f"p{number:05}")
        (target / f"{names[-1]}.db").write_bytes(damaged)
    return names


def remove(target: Path, name: str) -> None:
    for file in target.glob(f"{name}.db*"):
        if file.is_dir():
            shutil.rmtree(file)
        else:
            file.unlink()
