"""What a repair tells of where entries came from, and how the repaired database takes its place."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from random import Random
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import Conflict, Refused
from sloth_tui.model import Recovered
from sloth_tui.origin import this_process
from sloth_tui.store import open_path, open_store
from sloth_tui.store.backups import save
from sloth_tui.store.doctor import examine, rescue, take_repaired
from sloth_tui.store.sqlite.saving import swapping
from tests.support import rounds

if TYPE_CHECKING:
    from pathlib import Path

PAGE = 4096


def write(values: dict[str, object], title: str = "set") -> None:
    with open_store("local", "write", origin=this_process("sloth-runner", title)) as store:
        store.set_many(values)  # type: ignore[arg-type]


def entries(path: str) -> dict[str, object]:
    with open_path(path) as store:
        return dict(store.items())


def pages_with(path: Path, *texts: bytes) -> list[int]:
    content = path.read_bytes()
    return [
        start
        for start in range(0, len(content), PAGE)
        if all(text in content[start : start + PAGE] for text in texts)
    ]


def zero(path: Path, starts: list[int]) -> None:
    content = bytearray(path.read_bytes())
    for start in starts:
        content[start : start + PAGE] = bytes(PAGE)
    path.write_bytes(content)


@pytest.fixture
def path(base: Path) -> Path:
    """A database in which every page of the table of entries has keys of its own."""
    write({f"key:{number:04}": f"first {number} " + "x" * 200 for number in range(100)})
    write({f"key:{number:04}": f"second {number} " + "x" * 200 for number in range(100)})
    return base / "state" / "local.db"


def test_a_lost_row_comes_from_the_history_and_its_history_says_so(path: Path) -> None:
    zero(path, pages_with(path, b"key:0005", b"second 5 ")[:1])
    report = rescue("local")
    recovered = {one.key: one for one in report.recovered}
    assert recovered["key:0005"].source == "history"
    assert recovered["key:0005"].current is False
    assert not report.lost
    found = entries(report.repaired)
    assert len(found) == 100
    assert found["key:0005"] == "first 5 " + "x" * 200
    assert found["key:0099"] == "second 99 " + "x" * 200
    with open_path(report.repaired) as store:
        newest = next(store.revisions("key:0005"))
        assert newest.origin is not None
        assert newest.origin.title == "doctor --repair: from the history"
        assert store.problems() == []


def test_a_backup_has_the_row_itself_or_an_older_one(path: Path) -> None:
    backup = save("local")
    write({"key:0005": "third"})
    zero(path, pages_with(path, b"key:0006", b"second 6 ")[:1])
    report = rescue("local")
    assert report.backup == backup
    recovered = {one.key: one for one in report.recovered}
    assert recovered["key:0006"].source == "backup"
    assert recovered["key:0006"].current
    found = entries(report.repaired)
    assert found["key:0006"] == "second 6 " + "x" * 200
    # The backup and the history have the same value before the last one.
    assert not recovered["key:0005"].current
    assert found["key:0005"] == "second 5 " + "x" * 200
    with open_path(report.repaired) as store:
        revision = next(store.revisions("key:0005"))
        assert revision.origin is not None
        assert revision.origin.title == f"doctor --repair: from {os.path.basename(backup)}"


def test_a_damaged_bit_in_a_value_is_found_and_mended_by_a_backup(path: Path) -> None:
    save("local")
    content = path.read_bytes()
    path.write_bytes(content.replace(b"second 42 x", b"second 42 y", 1))
    assert examine("local").healthy
    found = examine("local", full=True)
    (damage,) = [check for check in found.checks if check.status == "damage"]
    assert damage.name == "backup"
    assert damage.text.endswith(": key:0042")
    report = rescue("local")
    assert [(one.key, one.source, one.current) for one in report.recovered] == [("key:0042", "backup", True)]
    assert entries(report.repaired)["key:0042"] == "second 42 " + "x" * 200


def test_what_was_deleted_stays_deleted(path: Path) -> None:
    save("local")
    with open_store("local", "write") as store:
        store.delete("key:0005")
    zero(path, [0])
    report = rescue("local")
    assert "key:0005" not in entries(report.repaired)
    assert report.entries == report.from_pages == 99


def test_a_key_without_any_value_left_is_named(base: Path) -> None:
    write({f"key:{number:04}": f"only {number} " + "x" * 200 for number in range(100)})
    path = base / "state" / "local.db"
    zero(path, pages_with(path, b"key:0005", b"only 5 "))
    report = rescue("local")
    assert "key:0005" in report.lost
    assert len(report.lost) + report.entries == 100


def test_values_of_every_type_other_tables_and_the_next_revision_are_there(base: Path) -> None:
    values: dict[str, object] = {
        "text": "text",
        "integer": 2**62,
        "float": 0.5,
        "boolean": False,
        "bytes": b"\xff\0",
        "table": {"list": [1, None, {"deep": "x" * 9000}]},
        "large": "x" * 100_000,
        "größe:ключ": "ü",
    }
    write(values)
    with open_store("local", "write") as store:
        store.set("a:secret", "old")
        store.mark_secret("a:secret")
        store.set("a:secret", "new")
        store.set("a:short", "lived", ttl=3600)
        token = store.acquire("deploy", "me", 3600).token
        revision = store.revision()
    path = base / "state" / "local.db"
    content = bytearray(path.read_bytes())
    content[:16] = bytes(16)
    path.write_bytes(content)
    report = rescue("local")
    take_repaired("local", report)
    with open_store("local", "write") as store:
        assert dict(store.items()) == {**values, "a:secret": "new", "a:short": "lived"}
        assert 0 < (store.ttl("a:short") or 0) <= 3600
        assert all(one.secret for one in store.revisions("a:secret") if one.old is None and not one.created)
        assert store.lock("deploy") is not None
        store.break_lock("deploy")
        assert store.acquire("deploy", "me", 5).token > token
        assert store.set("next", 1) == revision + 1
        assert store.problems() == []


def test_another_page_size_is_guessed(base: Path) -> None:
    (base / "state").mkdir(parents=True)
    path = base / "state" / "local.db"
    script = (
        "import sqlite3, sys\n"
        "c = sqlite3.connect(sys.argv[1]); c.execute('PRAGMA page_size = 1024')\n"
        "c.execute('CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL, '\n"
        "'created_at DATETIME DEFAULT CURRENT_TIMESTAMP, updated_at DATETIME DEFAULT CURRENT_TIMESTAMP)')\n"
        "c.executemany('INSERT INTO state (key, value) VALUES (?, ?)', "
        "[(f'k{n}', f'v{n}' * 20) for n in range(500)])\n"
        "c.commit()"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True)
    content = bytearray(path.read_bytes())
    content[:1024] = bytes(1024)
    path.write_bytes(content)
    assert entries(rescue("local").repaired) == {f"k{n}": f"v{n}" * 20 for n in range(500)}


def test_the_damaged_database_is_kept_and_nobody_may_have_it_open(
    base: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swapping, "_SEIZE_TIMEOUT_MS", 50)
    zero(path, pages_with(path, b"key:0005", b"second 5 ")[:1])
    before = path.read_bytes()
    report = rescue("local")
    program = (
        "import sys; from sloth_tui.store import open_store\n"
        "store = open_store('local', 'read'); store.revision(); print(flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(Conflict, match="another program has it open"):
            take_repaired("local", report)
        process.kill()
    kept = take_repaired("local", report)
    assert (base / kept).read_bytes() == before
    assert os.path.basename(kept).startswith("local.damaged-")
    assert os.stat(kept).st_mode & 0o777 == 0o600
    with open_store("local") as store:
        assert store.count() == 100
    assert not [file for file in os.listdir(base / "state") if file != "local.db"]
    assert not os.path.exists(report.repaired)


def test_a_store_that_is_no_file_is_not_repaired() -> None:
    with pytest.raises(Refused, match="only databases in files"):
        rescue("local", address="etcd://127.0.0.1:1/x")


_REPAIR = """
import sys
from sloth_tui.store.doctor import rescue, take_repaired
print(flush=True)
take_repaired("local", rescue("local"))
"""


@pytest.mark.slow
def test_a_repair_that_is_killed_leaves_the_damaged_database_or_the_repaired_one(
    base: Path, path: Path
) -> None:
    zero(path, pages_with(path, b"key:0005", b"second 5 ")[:1])
    damaged = path.read_bytes()
    outcomes = set()
    for number in range(rounds(3, 30)):
        path.write_bytes(damaged)
        kill_soon(_REPAIR, at=Random(number).random())
        if examine("local").healthy:
            outcomes.add("after")
            with open_store("local") as store:
                assert store.count() == 100
        else:
            # SQLite may have ended its log, which leaves the pages as they were.
            outcomes.add("before")
            assert rescue("local").entries == 100
    if rounds(0, 1):
        assert outcomes == {"before", "after"}
    path.write_bytes(damaged)
    take_repaired("local", rescue("local"))
    left = [
        file for place in ("state", "backups") for file in os.listdir(base / place) if file.startswith(".")
    ]
    assert left == []


_took: dict[str, float] = {}


def kill_soon(program: str, *arguments: str, at: float) -> None:
    """Run a program that prints a line when it begins its work, and kill it when about this part of that is
    done. The first time it runs to its end, to see how long that takes."""
    if program not in _took:
        with subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            began = time.monotonic()
        _took[program] = time.monotonic() - began
        return
    with subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(_took[program] * at)
        process.send_signal(signal.SIGKILL)


def test_a_recovered_entry_is_a_record() -> None:
    assert Recovered("key", "history", 3, False)._asdict() == {
        "key": "key",
        "source": "history",
        "revision": 3,
        "current": False,
    }
