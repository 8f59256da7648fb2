"""Files that may be read but not written, and disks that are full."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import NotWritable
from sloth_tui.store import open_path
from tests.store.sqlite.others import make_ours, run_other

if TYPE_CHECKING:
    from collections.abc import Iterator


NOBODY = 65534


PRELUDE = f"""
import contextlib, os, random, sys, urllib.parse
import sloth_tui.store.sqlite.store, sloth_tui.store.sqlite.engine.connection
import sloth_tui.settings, sloth_tui.model
from sloth_tui.errors import SlothError
from sloth_tui.store import open_path
if os.getuid() == 0:
    os.setgroups([]), os.setgid({NOBODY}), os.setuid({NOBODY})
path = sys.argv[1]
"""


def run_as_nobody(path: Path, program: str) -> str:
    """Run a program that knows ``path``, as a user without privileges if we are root; its output."""
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + program, str(path)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


READ_AND_TRY = """
with open_path(path, "read") as store:
    print(store.get("key"), store.count())
try:
    with open_path(path, "write") as store:
        print(store.get("key"))
        store.set("key", "other")
except SlothError as error:
    print(type(error).__name__, error.exit_code)
"""


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that users without privileges can reach, which pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="sloth-test-") as directory:
        os.chmod(directory, 0o755)
        yield Path(directory)


def test_a_log_that_cannot_be_read_is_told(open_directory: Path) -> None:
    path = open_directory / "db" / "agent.db"
    make_ours(path)
    path.with_name("agent.db-wal").write_bytes(b"")
    for file in path.parent.iterdir():
        file.chmod(0o444)
    path.parent.chmod(0o555)
    program = "try: open_path(path)\nexcept SlothError as error: print(error.exit_code, error.hint)"
    assert run_as_nobody(path, program).startswith("7 it has a log")
    path.parent.chmod(0o755)


def test_a_frozen_database_that_is_written_after_all_is_read_again(open_directory: Path) -> None:
    path = open_directory / "db" / "agent.db"
    make_ours(path)
    path.chmod(0o444)
    path.parent.chmod(0o555)
    program = "store = open_path(path)\nprint(store.get('key'), flush=True)\ninput()\nprint(store.get('key'))"
    reader = subprocess.Popen(
        [sys.executable, "-c", PRELUDE + program, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert reader.stdout is not None
    first = reader.stdout.readline()
    if os.getuid() != 0:
        path.chmod(0o644)
        path.parent.chmod(0o755)
    with open_path(str(path), "write") as store:
        store.set("key", "value 2")
    rest, _ = reader.communicate("\n", timeout=60)
    path.parent.chmod(0o755)
    assert (first, rest) == ("value\n", "value 2\n")


@pytest.mark.parametrize("with_log", [False, True])
def test_a_read_only_file_in_a_read_only_directory_is_read_but_not_written(
    open_directory: Path, with_log: bool
) -> None:
    path = open_directory / "db" / "agent.db"
    make_ours(path)
    path.chmod(0o444)
    path.parent.chmod(0o555)
    if with_log:
        store = open_path(str(path), "write")
        store.set("key", "value 2")
        for file in path.parent.iterdir():
            file.chmod(0o444)
    try:
        output = run_as_nobody(path, READ_AND_TRY)
    finally:
        path.parent.chmod(0o755)
        if with_log:
            store.close()
    value = "value 2" if with_log else "value"
    assert output == f"{value} 1\n{value}\nNotWritable 8\n"


def test_a_database_that_may_not_be_read_is_unusable(open_directory: Path) -> None:
    path = open_directory / "db" / "agent.db"
    make_ours(path)
    path.parent.chmod(0o755)
    program = "try: open_path(path)\nexcept SlothError as error: print(error.exit_code, error.hint)"
    assert run_as_nobody(path, program) == "7 check its permissions\n"


def test_a_directory_that_cannot_be_written_makes_no_database(open_directory: Path) -> None:
    program = (
        "store = open_path(path, 'write')\nprint(store.get('key'))\n"
        "try: store.set('key', 1)\nexcept SlothError as error: print(error.exit_code)\n"
        "print(store.get('key'))"
    )
    assert run_as_nobody(open_directory / "state" / "agent.db", program) == "None\n8\nNone\n"


def limit_file_size() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))


FILL = """
import sys
from sloth_tui.errors import NotWritable
from sloth_tui.store import open_path
store = open_path(sys.argv[1], "write")
number = 0
try:
    while True:
        store.set(f"key:{number}", "x" * 10_000)
        number += 1
except NotWritable as error:
    print(number, error.exit_code)
try:
    with store.transaction():
        store.set("small", 1)
        try:
            store.set("large", "x" * 2_000_000)
        except NotWritable:
            pass
        store.set("after", 1)
except NotWritable as error:
    print(error.exit_code)
print(store.exists("small"), store.exists("after"))
"""


def test_a_full_disk_is_told_and_nothing_is_lost(path: Path) -> None:
    """A limit on the size of files is what can be had without privileges; SQLite sees a write that fails."""
    done = subprocess.run(
        [sys.executable, "-c", FILL, str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=limit_file_size,
    )
    assert done.returncode == 0, done.stderr
    first, second, third = done.stdout.splitlines()
    written, code = map(int, first.split())
    assert (code, second, third) == (8, "8", "False False")
    assert run_other(path, "PRAGMA integrity_check") == [["ok"]]
    with open_path(str(path), "write") as store:
        assert store.count() == written > 0
        store.set("again", "there is room")


def test_when_sqlite_says_full_it_is_told(path: Path) -> None:
    with open_path(str(path), "write") as store:
        store.set("key", "value")
        store._database.execute("PRAGMA max_page_count = 1")
        with pytest.raises(NotWritable, match="full"):
            store.set("large", "x" * 1_000_000)
        assert dict(store.items()) == {"key": "value"}
