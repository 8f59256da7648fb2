"""Which files are opened, what happens to them, and what is refused without touching a byte."""

from __future__ import annotations

import os
import resource
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import AgentNotFound, DatabaseUnusable, InvalidAgentName, NotWritable
from sloth_tui.store import open_entries, open_path, open_store
from tests.store.sqlite.others import DOCUMENTED, files_of, run_other

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOBODY = 65534


def make_ours(path: Path) -> None:
    with open_path(str(path), "write") as store:
        store.set("key", "value")


PRELUDE = f"""
import os, random, sys, urllib.parse
import sloth_tui.store.sqlite.store, sloth_tui.store.sqlite.connection, sloth_tui.settings, sloth_tui.model
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


# -- agents


def test_reading_local_before_its_first_write_finds_nothing_and_creates_nothing(base: Path) -> None:
    for open_it in (open_store, open_entries):
        with open_it("local") as store:
            assert store.get("key") is None
            assert list(store.items()) == []
            assert store.count() == 0
    with open_store("local") as whole:
        assert whole.locks() == []
        assert whole.revision() == 0
        assert whole.stats().total_keys == 0
        with pytest.raises(NotWritable):
            whole.set("key", "value")
    assert not base.exists()


def test_reading_another_agent_without_a_database_names_those_there_are(base: Path) -> None:
    with open_store("production", "write") as store:
        store.set("key", "value")
    for open_it in (open_store, open_entries):
        with pytest.raises(AgentNotFound) as missing:
            open_it("productoin")
        assert missing.value.hint is not None
        assert "production" in missing.value.hint
        assert "local" in missing.value.hint
    assert [file.name for file in (base / "state").iterdir()] == ["production.db"]


def test_a_bad_agent_name_is_refused_before_a_file_is_touched(base: Path) -> None:
    for name in ("", "../x", ".hidden", "a/b", "x" * 65):
        with pytest.raises(InvalidAgentName):
            open_store(name, "write")
    assert not base.exists()


def test_the_first_write_creates_files_for_their_owner_only(base: Path) -> None:
    before = os.umask(0)
    try:
        store = open_store("local", "write")
        assert store.get("key") is None
        assert store.delete("key") is False
        assert store.delete_many(["key"]) == 0
        assert store.delete_prefix("") == 0
        assert not base.exists()
        store.set("key", "value")
    finally:
        os.umask(before)
    assert stat.S_IMODE((base / "state").stat().st_mode) == 0o700
    files = list((base / "state").iterdir())
    assert {file.name for file in files} == {"local.db", "local.db-wal", "local.db-shm"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    store.close()
    assert [file.name for file in (base / "state").iterdir()] == ["local.db"]


def test_a_strict_umask_takes_nothing_from_the_owner(base: Path) -> None:
    before = os.umask(0o777)
    try:
        with open_store("local", "write") as store:
            store.set("key", "value")
    finally:
        os.umask(before)
    assert stat.S_IMODE((base / "state" / "local.db").stat().st_mode) == 0o600
    assert stat.S_IMODE((base / "state").stat().st_mode) == 0o700


def test_handles_opened_before_the_database_was_made_see_it(base: Path) -> None:
    with open_store("local") as reader, open_store("local", "write") as second:
        token = reader.change_token()
        with open_store("local", "write") as first:
            first.set("key", "value")
            assert second.get("key") == "value"
            assert reader.get("key") == "value"
            assert list(reader.items()) == [("key", "value")]
            assert reader.change_token() != token
            second.set("key", "other")
            assert first.get("key") == reader.get("key") == "other"


# -- databases of others with the documented schema


def test_a_documented_database_is_read_as_it_is(path: Path) -> None:
    run_other(
        path,
        DOCUMENTED,
        (
            "INSERT INTO state VALUES (?, ?, ?, ?)",
            "key",
            "5",
            "2024-05-01 10:00:00",
            "2024-05-01T12:00:01+02:00",
        ),
        "INSERT INTO locks VALUES ('lock', 'holder', '2024-05-01 10:00:00', '2999-05-01 10:00:00')",
    )
    before = files_of(path)
    for mode in ("read", "write"):
        with open_path(str(path), mode) as store:
            assert dict(store.items()) == {"key": "5"}
            entry = store.entry("key")
            assert (entry.type, entry.revision, entry.size) == ("string", None, 1)
            assert (entry.created_at, entry.updated_at) == (1714557600, 1714557601)
            assert [lock.name for lock in store.locks()] == ["lock"]
            assert store.revision() == 0
            assert list(store.changes(0)) == []
            assert store.stats().total_keys == 1
            assert store.get_many(["key"]) == {"key": "5"}
            assert store.count("k") == 1
            assert store.delete("missing") is False
            store.change_token()
    assert files_of(path) == before


def test_without_the_table_of_locks_there_are_no_locks(path: Path) -> None:
    run_other(path, DOCUMENTED.split(";")[0], "INSERT INTO state (key, value) VALUES ('key', '5')")
    with open_path(str(path), "write") as store:
        assert store.locks() == []
        assert store.get("key") == "5"
        store.acquire("lock", "holder", 5)
        assert [lock.name for lock in store.locks()] == ["lock"]


def test_the_first_write_adopts_a_documented_database(path: Path) -> None:
    run_other(path, DOCUMENTED, "INSERT INTO state (key, value) VALUES ('key', '5'), ('other', 'x')")
    with open_path(str(path)) as reader, open_path(str(path), "write") as store:
        token = reader.change_token()
        assert store.increment("key") == 6
        assert reader.get("key") == 6
        assert reader.change_token() != token
        assert [(change.old, change.new) for change in reader.revisions("key")] == [("5", 6)]
        assert reader.entry("other").revision is None
        assert store.compare_and_set_revision("other", 0, "y") is False
        assert store.set("other", "x") == 0
    rows = run_other(
        path, "INSERT INTO state (key, value) VALUES ('new', '1')", "SELECT key, value FROM state"
    )
    assert sorted(map(tuple, rows)) == [("key", "6"), ("new", "1"), ("other", "x")]


def test_adopting_takes_no_longer_for_many_rows(path: Path) -> None:
    """No page of the entries is written: the file grows by our tables alone."""
    run_other(
        path,
        DOCUMENTED,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) "
        "INSERT INTO state (key, value) SELECT 'key:' || i, i FROM n",
    )
    size = path.stat().st_size
    with open_path(str(path), "write") as store:
        store.acquire("lock", "holder", 5)
        assert store.stats().wal_size < 64 * 4096 < size / 10


def test_a_transaction_can_be_the_first_write(path: Path) -> None:
    run_other(path, DOCUMENTED)
    with open_path(str(path), "write") as store, store.transaction():
        store.set("key", 1)
        assert store.get("key") == 1


# -- what is refused


def foreign(path: Path) -> None:
    run_other(path, "CREATE TABLE bookmarks (url TEXT)", "INSERT INTO bookmarks VALUES ('x')")


def foreign_with_log(path: Path) -> None:
    run_other(path, "PRAGMA journal_mode = WAL", "CREATE TABLE bookmarks (url TEXT)")


def foreign_state_table(path: Path) -> None:
    run_other(path, "CREATE TABLE state (id INTEGER PRIMARY KEY, name TEXT)")


def other_application(path: Path) -> None:
    run_other(path, DOCUMENTED, "PRAGMA application_id = 1234")


def utf_16(path: Path) -> None:
    run_other(path, "PRAGMA encoding = 'UTF-16'", DOCUMENTED)


def newer(path: Path) -> None:
    make_ours(path)
    run_other(path, "PRAGMA user_version = 2")


def no_database(path: Path) -> None:
    path.write_text("just some text, longer than a header" * 10)


def short(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0")


def random_bytes(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 64)


def damaged(path: Path) -> None:
    make_ours(path)
    content = path.read_bytes()
    path.write_bytes(content[:100] + b"\xa5" * (len(content) - 100))


def a_directory(path: Path) -> None:
    path.mkdir()


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize("mode", ["read", "write"])
@pytest.mark.parametrize(
    "make",
    [
        foreign,
        foreign_with_log,
        foreign_state_table,
        other_application,
        utf_16,
        newer,
        no_database,
        short,
        random_bytes,
        damaged,
        a_directory,
        a_pipe,
    ],
)
def test_what_is_no_database_of_ours_is_refused_and_left_alone(
    path: Path, make: Callable[[Path], None], mode: str
) -> None:
    make(path)
    before = {} if make in (a_directory, a_pipe) else files_of(path)
    with pytest.raises(DatabaseUnusable) as refusal:
        open_path(str(path), mode)  # type: ignore[arg-type]
    assert str(path) in refusal.value.message
    assert "\n" not in refusal.value.message
    assert ({} if make in (a_directory, a_pipe) else files_of(path)) == before
    assert [file.name for file in path.parent.glob("agent*")] == ["agent.db"]


@pytest.mark.parametrize("mode", ["read", "write"])
def test_a_symbolic_link_is_refused(path: Path, mode: str) -> None:
    real = path.with_name("real.db")
    make_ours(real)
    before = files_of(real)
    path.symlink_to(real)
    with pytest.raises(DatabaseUnusable, match="symbolic link"):
        open_path(str(path), mode)  # type: ignore[arg-type]
    path.unlink()
    path.symlink_to("nowhere.db")
    with pytest.raises(DatabaseUnusable, match="symbolic link"):
        open_path(str(path), mode)  # type: ignore[arg-type]
    assert files_of(real) == before
    assert not path.with_name("nowhere.db").exists()


def test_a_link_that_appears_before_the_first_write_is_refused(path: Path) -> None:
    store = open_path(str(path), "write")
    path.symlink_to("nowhere.db")
    with pytest.raises(DatabaseUnusable, match="symbolic link"):
        store.set("key", "value")
    assert not path.with_name("nowhere.db").exists()
    store.close()


def test_the_directory_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    make_ours(tmp_path / "link" / "agent.db")
    with open_path(str(tmp_path / "link" / "agent.db")) as store:
        assert store.get("key") == "value"


def test_an_empty_file_is_an_empty_store(path: Path) -> None:
    path.touch()
    with open_path(str(path)) as store:
        assert store.count() == 0
    assert files_of(path) == {"agent.db": b""}
    make_ours(path)
    with open_path(str(path)) as store:
        assert store.get("key") == "value"


def test_a_damaged_page_is_an_error_in_one_line(path: Path) -> None:
    with open_path(str(path), "write") as store:
        store.set_many({f"key:{number:05}": "x" * 100 for number in range(2000)})
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = b"\xa5" * (len(content) - len(content) // 2)
    path.write_bytes(content)
    with open_path(str(path)) as store, pytest.raises(DatabaseUnusable) as damage:
        dict(store.items())
    assert "\n" not in damage.value.message


# -- what cannot be written

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
        assert store.count() == written > 10
        store.set("again", "there is room")


def test_when_sqlite_says_full_it_is_told(path: Path) -> None:
    with open_path(str(path), "write") as store:
        store.set("key", "value")
        store._database.execute("PRAGMA max_page_count = 1")
        with pytest.raises(NotWritable, match="full"):
            store.set("large", "x" * 1_000_000)
        assert dict(store.items()) == {"key": "value"}


# -- files that change under a handle


def test_a_database_that_was_removed_is_made_anew_by_the_next_write(path: Path) -> None:
    with open_path(str(path), "write") as store, open_path(str(path)) as reader:
        store.set_many({"key": "old", "other": "old"})
        token = reader.change_token()
        for file in path.parent.glob("agent.db*"):
            file.unlink()
        assert reader.change_token() != token
        assert reader.get("key") is None
        store.set("key", "new")
        assert dict(reader.items()) == {"key": "new"}


def test_a_database_that_was_replaced_is_written_in_its_place(path: Path) -> None:
    make_ours(path.with_name("backup.db"))
    with open_path(str(path), "write") as store:
        store.set("key", "old")
        store.set("key", "older")
        for file in path.parent.glob("agent.db-*"):
            file.unlink()
        path.with_name("backup.db").rename(path)
        store.set("more", 1)
        assert dict(store.items()) == {"key": "value", "more": 1}
