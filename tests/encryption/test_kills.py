"""``encrypt``, ``rekey``, ``decrypt`` against kill -9: before or after, never between; against writers."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import encryption, open_entries, open_store
from sloth_tui.store.sqlite import keys
from tests.support import rounds, wait_until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

ACT = """
import sys
from sloth_tui.store import encryption
import sloth_tui.store.sqlite.encryption.swap
print(1, flush=True)
sys.stdin.readline()
getattr(encryption, sys.argv[1])("local")
"""
WRITE = """
import sys
from sloth_tui.store import open_store
from sloth_tui.errors import SlothError
while True:
    try:
        with open_store("local", "write") as store:
            number = store.increment("count")
    except SlothError:
        continue
    print(number, flush=True)
"""
ENTRIES = {f"key:{number}": f"value {number}" for number in range(3000)}


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


@pytest.mark.parametrize("action", ["encrypt", "rekey", "decrypt"])
def test_killed_at_any_moment_it_is_before_or_after(action: str, base: Path) -> None:
    database = base / "state" / "local.db"
    with open_store("local", "write") as store:
        store.set_many(ENTRIES)
    chance = random.Random(action)
    took = 0.05
    for _ in range(rounds(2, 30)):
        encrypted = encryption.encryption_of("local").key_id is not None
        if encrypted != (action != "encrypt"):
            encryption.decrypt("local") if encrypted else encryption.encrypt("local")
        before = encryption.encryption_of("local").key_id
        with start(ACT, action) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdout.readline()
            began = time.monotonic()
            process.stdin.write("\n")
            process.stdin.flush()
            deadline = began + took * chance.random() * 1.3
            while time.monotonic() < deadline and process.poll() is None:
                time.sleep(0.001)
            if process.poll() is not None:
                took = (took + time.monotonic() - began) / 2
            process.kill()
        keys.forget()
        with open_entries("local") as store:
            assert {key: store.get(key) for key in ENTRIES} == ENTRIES
        after = encryption.encryption_of("local").key_id
        assert after == before or (after is None) == (action == "decrypt")
        with open_store("local", "write") as writable:
            writable.set("probe", 1)
        assert [path.name for path in database.parent.iterdir()] == ["local.db"]


def test_what_a_killed_one_left_is_cleared_at_the_next_start(database: Path) -> None:
    for suffix in (".new", ".new-journal"):
        database.with_name(database.name + suffix).write_bytes(b"SQLite format 3\0CANARY")
    with open_entries("local") as store:
        assert store.get("n") == 3
    assert [path.name for path in database.parent.iterdir() if ".new" in path.name] == []


def test_a_copy_that_is_being_made_is_not_cleared(database: Path) -> None:
    import apsw

    maker = apsw.Connection(str(database))
    maker.execute("BEGIN IMMEDIATE")
    new = database.with_name("local.db.new")
    new.write_bytes(b"half")
    with open_entries("local") as store:
        assert store.get("n") == 3
    assert new.read_bytes() == b"half"
    maker.close()


def test_nothing_that_a_writer_was_told_to_be_written_is_lost(base: Path) -> None:
    """A writer goes on meanwhile: it waits, or is told; what it is told to be written is in the new file."""
    with open_store("local", "write") as store:
        store.set_many(ENTRIES)
    with start(WRITE) as writer:
        assert writer.stdout is not None
        try:
            assert writer.stdout.readline() == "1\n"
            done = 0
            for _ in range(rounds(1, 40)):
                for act in (encryption.encrypt, encryption.rekey, encryption.decrypt):
                    done += wait_until(lambda act=act: _done(act))  # type: ignore[misc]
        finally:
            writer.kill()
        told = [1, *(int(line) for line in writer.stdout.read().split("\n")[:-1])]
    assert told == list(range(1, 1 + len(told)))
    with open_entries("local") as entries:
        # It may have been killed between the write and the word about it.
        assert entries.get("count") in (told[-1], told[-1] + 1)


def _done(act: object) -> int:
    from sloth_tui.errors import Conflict

    assert callable(act)
    try:
        act("local")
    except Conflict:
        return 0
    return 1
