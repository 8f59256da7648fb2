"""An agent's state moved between the files of this machine and a server, history and all."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import Conflict, KeyNotFound
from sloth_tui.model import Origin
from sloth_tui.store import open_path, open_store
from sloth_tui.store.transfer import merge, move
from tests.servers.etcd import needs_etcd
from tests.store.moving import picture, without_times_of_the_past, write_a_past
from tests.support import rounds

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sloth_tui.model import ChangeSet, Entry, Revision
    from sloth_tui.store.port import Store

pytestmark = [pytest.mark.slow, needs_etcd]


def file(path: Path) -> Store:
    return open_path(str(path), "write", agent="shop")


def remote(address: str) -> Store:
    return open_store("shop", "write", address=address)


def test_to_a_server_and_back(tmp_path: Path, place: Callable[[], str]) -> None:
    with file(tmp_path / "a.db") as here, remote(place()) as there, file(tmp_path / "b.db") as back:
        write_a_past(here)
        before = picture(here)
        moved = move(here, there)
        assert (moved.entries, moved.changed, moved.revisions) == (
            len(before.entries),
            len(before.entries),
            len(before.revisions),
        )
        assert picture(there) == before
        assert there.problems() == []
        move(there, back)
        assert picture(back) == before
        assert back.problems() == []


def test_with_a_past_that_is_forgotten_in_part(tmp_path: Path, place: Callable[[], str]) -> None:
    with file(tmp_path / "a.db") as here, remote(place()) as there, file(tmp_path / "b.db") as back:
        write_a_past(here)
        here.compact(keep=2)
        before = picture(here)
        assert before.since[""] > 0
        move(here, there)
        assert picture(there) == before
        there.compact(keep=1)
        after = without_times_of_the_past(picture(there))
        move(there, back)
        assert without_times_of_the_past(picture(back)) == after


def test_what_other_programs_wrote(tmp_path: Path, place: Callable[[], str]) -> None:
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as others:
        others.execute(
            "CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL,"
            " created_at DATETIME, updated_at DATETIME)"
        )
        others.executemany(
            "INSERT INTO state VALUES (?, ?, ?, ?)",
            [
                ("old", "1", "2024-05-01 10:00:00", "2024-05-01T12:00:00+01:00"),
                ("undated", "2", None, "never"),
                ("raw", b"\xff\xfe", None, None),
                ("changed", "3", "2024-05-01 10:00:00", None),
            ],
        )
        others.execute("INSERT INTO state VALUES ('odd', CAST(x'ff41' AS TEXT), NULL, NULL)")
    others.close()
    with file(path) as here:
        here.set("ours", 1)
        write_by_others(path, "UPDATE state SET value = '30' WHERE key = 'changed'")
        write_by_others(path, "DELETE FROM state WHERE key = 'old'")
        here.set("ours", 2)
        write_by_others(path, "INSERT OR REPLACE INTO state (key, value) VALUES ('ours', 'theirs')")
        before = picture(here)
        assert [one.origin is None for one in before.log].count(True) >= 2
        with remote(place()) as there, file(tmp_path / "b.db") as back:
            move(here, there)
            assert picture(there) == before
            assert there.compare_and_set_revision("undated", 0, "x") is False
            bursts = [one for one in before.log if one.origin is None]
            assert bursts
            for one in bursts:
                assert there.change_set(one.id) == here.change_set(one.id)
                assert list(there.undo_steps(one)) == list(here.undo_steps(one))
            move(there, back)
            assert picture(back) == before
            newest = bursts[0]
            assert there.undo(newest) == here.undo(newest) > 0
            assert dict(there.items()) == dict(here.items())


def write_by_others(path: Path, statement: str) -> None:
    """Another process, because two SQLite libraries in one would drop each other's locks."""
    program = "import sqlite3, sys\nwith sqlite3.connect(sys.argv[1]) as others: others.execute(sys.argv[2])"
    subprocess.run([sys.executable, "-c", program, path, statement], check=True)


def test_into_a_store_that_has_state_already(tmp_path: Path, place: Callable[[], str]) -> None:
    with file(tmp_path / "a.db") as here, remote(place()) as there:
        write_a_past(here)
        there.set_many({"app:n": 7, "own": True})
        there.set_origin(Origin("bob", "here", 12, "sloth-runner", "state copy"))
        revision = there.revision()
        differ = sum(1 for key, value in here.items() if there.get(key) != value)

        moved = move(here, there)
        assert moved == (here.count(), differ, None)
        assert dict(there.items()) == {**dict(here.items()), "own": True}
        assert there.newest_change_set().revisions == differ
        assert there.revision() == revision + differ

        again = move(here, there)
        assert again == (here.count(), 0, None)
        assert there.revision() == revision + differ


def test_into_a_store_that_is_written_to_meanwhile(tmp_path: Path, place: Callable[[], str]) -> None:
    address = place()
    with file(tmp_path / "a.db") as here, remote(address) as there, remote(address) as other:
        here.set_many({f"k{number}": number for number in range(1000)})
        with pytest.raises(Conflict, match="was written to meanwhile"):
            move(here, there, lambda _done, _total: other.set("mine", 1))
        assert dict(there.items()) == {"mine": 1}
        assert move(here, there).changed == 1000


def test_a_part_by_its_prefix(tmp_path: Path, place: Callable[[], str]) -> None:
    with file(tmp_path / "a.db") as here, remote(place()) as there:
        write_a_past(here)
        seen: list[tuple[int, int]] = []
        moved = merge(here, there, "tmp:", lambda done, total: seen.append((done, total)))
        assert moved == (3, 3, None)
        assert seen[-1] == (3, 3)
        assert dict(there.items()) == dict(here.items("tmp:"))
        assert len(list(there.change_sets())) == 1


_COPY = """
import sys
from sloth_tui.store import open_path, open_store
from sloth_tui.store.transfer import move

def opened(place):
    if "://" in place:
        return open_store("shop", "write", address=place)
    return open_path(place, "write", agent="shop")

print("begun", flush=True)
with opened(sys.argv[1]) as source, opened(sys.argv[2]) as target:
    move(source, target)
"""


@pytest.mark.parametrize("way", ["out", "back"])
def test_a_copy_that_is_killed_is_empty_or_whole(tmp_path: Path, place: Callable[[], str], way: str) -> None:
    source = str(tmp_path / "a.db") if way == "out" else place()
    with file(tmp_path / "a.db") if way == "out" else remote(source) as filled:
        for number in range(4):
            filled.set_many({f"k{key:04}": f"{number} {key}" for key in range(rounds(400, 1500))})
        whole = picture_of_many(filled)
    took = 1.0
    outcomes = set()
    for turn in range(rounds(2, 25)):
        target = place() if way == "out" else str(tmp_path / f"t{turn}.db")
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-c", _COPY, source, target], stdout=subprocess.PIPE, start_new_session=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        if turn:
            time.sleep(random.random() * took)
            os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        took = time.monotonic() - began if not turn else took
        with remote(target) if way == "out" else open_path(target, "write", agent="shop") as there:
            found = picture_of_many(there)
            outcomes.add(bool(found[0]))
            assert found in (whole, ([], [], 0, []))
            if not found[0]:
                with pytest.raises(KeyNotFound):
                    there.entry("k0001")
                with file(tmp_path / "a.db") if way == "out" else remote(source) as again:
                    assert move(again, there).revisions == len(whole[1])
                assert picture_of_many(there) == whole
            assert there.problems() == []
    assert True in outcomes


def picture_of_many(store: Store) -> tuple[list[Entry], list[Revision], int, list[ChangeSet]]:
    return (
        list(store.entries()),
        list(store.revisions_since(0)),
        store.revision(),
        list(store.change_sets()),
    )
