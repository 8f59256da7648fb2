"""``state encrypt``, ``decrypt`` and ``rekey``: what they say, and what is on the disk afterwards."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import apsw
import pytest

from sloth_tui.store import open_agents, open_store
from sloth_tui.store.sqlite import keys
from tests.cli.support import Result, on_terminal, piped

if TYPE_CHECKING:
    from pathlib import Path

MAGIC = b"SQLite format 3\0"
MARK = b"sloth1\0\0"


def silent(result: Result) -> bool:
    return (result.code, result.out, result.err) == (0, "", "")


def key_id(database: Path) -> str:
    header = database.read_bytes()[:16]
    assert header.startswith(MARK)
    return header[8:].decode()


def test_a_database_is_encrypted_in_place_and_read_as_before(database: Path, key_file: Path) -> None:
    assert silent(piped("state", "encrypt", "--yes"))
    content = database.read_bytes()
    assert not content.startswith(MAGIC)
    assert b"CANARY" not in content
    assert stat.S_IMODE(database.stat().st_mode) == 0o600
    assert [path.name for path in database.parent.iterdir()] == ["local.db"]
    keys.forget()
    assert piped("state", "get", "app:version", "n").out == "CANARY-one\n3\n"
    assert piped("state", "set", "n", "4").code == 0
    assert "CANARY-one" in piped("state", "history", "app:version").out
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(key_file.parent.stat().st_mode) == 0o700
    header, _, line = key_file.read_text().splitlines()
    assert header.startswith("# Keys of sloth-runner.")
    name, key = line.split()
    assert name == key_id(database)
    assert len(bytes.fromhex(key)) == 32


def test_decrypted_it_is_plain_sqlite_again(database: Path, key_file: Path) -> None:
    piped("state", "encrypt", "--yes")
    assert silent(piped("state", "decrypt", "--yes"))
    assert database.read_bytes().startswith(MAGIC)
    assert b"CANARY-one" in database.read_bytes()
    assert piped("state", "get", "app:version").out == "CANARY-one\n"
    assert key_file.exists()


def test_a_new_key_takes_the_place_of_the_old_which_opens_old_backups(database: Path, key_file: Path) -> None:
    piped("state", "encrypt", "--yes")
    before = key_id(database)
    backup = open_agents().back_up("local")
    assert silent(piped("state", "rekey", "--yes"))
    after = key_id(database)
    assert after != before
    assert [line.split()[0] for line in key_file.read_text().splitlines()[2:]] == [after, before]
    keys.forget()
    assert piped("state", "get", "app:version").out == "CANARY-one\n"
    database.write_bytes(open(backup, "rb").read())  # noqa: SIM115
    keys.forget()
    assert piped("state", "get", "app:version").out == "CANARY-one\n"


@pytest.mark.parametrize("command", ["encrypt", "decrypt", "rekey"])
def test_without_a_terminal_nothing_is_done_unasked(database: Path, key_file: Path, command: str) -> None:
    if command != "encrypt":
        piped("state", "encrypt", "--yes")
    before = database.read_bytes()
    result = piped("state", command)
    assert result.code == 9
    assert result.out == ""
    assert "unasked, and there is no terminal to ask on\nhint: nothing was changed; add --yes" in result.err
    assert database.read_bytes() == before


def test_the_question_says_what_it_means_and_its_default_is_no(database: Path, key_file: Path) -> None:
    for typed in (b"\n", b"n\n", b"\x04"):
        result = on_terminal("state", "encrypt", typed=typed)
        assert result.code == 9
        assert "Encrypt the database of agent 'local'" in result.err
        assert "like sqlite3" in result.err
        assert f"without the key from {key_file} nobody can? [y/N]" in result.err.replace("\r\n", " ")
        assert "error: not confirmed; nothing was changed" in result.err
    assert not key_file.exists()
    assert database.read_bytes().startswith(MAGIC)
    result = on_terminal("state", "encrypt", typed=b"y\n")
    assert result.code == 0
    assert "encrypted agent 'local' with the key" in result.err


def test_what_is_so_already_is_a_conflict(database: Path) -> None:
    assert piped("state", "decrypt", "--yes") == Result(
        5, b"", b"error: agent 'local' is not encrypted\nhint: state encrypt does it\n"
    )
    assert piped("state", "rekey", "--yes").code == 5
    piped("state", "encrypt", "--yes")
    result = piped("state", "encrypt", "--yes")
    assert result.code == 5
    assert result.err == (
        f"error: agent 'local' is encrypted already (key {key_id(database)})\n"
        "hint: state rekey gives it another key\n"
    )


def test_a_database_in_use_is_left_alone(database: Path) -> None:
    with open_store("local") as store:
        assert store.get("n") == 3
        result = piped("state", "encrypt", "--yes")
    assert (result.code, result.out) == (5, "")
    assert result.err == (
        f"error: {database}: another program has it open\nhint: end that first; nothing was changed\n"
    )
    assert database.read_bytes().startswith(MAGIC)
    assert not database.with_name("local.db.new").exists()
    assert silent(piped("state", "encrypt", "--yes"))


def test_an_idle_program_that_holds_no_lock_is_noticed_too(database: Path) -> None:
    """One that has a database without a log open: it would write to the file that is replaced."""
    connection = apsw.Connection(str(database))
    connection.execute("PRAGMA journal_mode = DELETE").fetchall()
    connection.close()
    hold = "import sys; file = open(sys.argv[1]); print(1, flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        result = piped("state", "encrypt", "--yes")
        assert result.code == 5
        assert f"another program has it open: process {holder.pid} (python" in result.err
        holder.communicate()
    assert database.read_bytes().startswith(MAGIC)


def test_what_is_left_in_plain_is_named(database: Path, base: Path) -> None:
    backup = open_agents().back_up("local")
    (base / "state" / "local-x.db").write_bytes(database.read_bytes())
    (base / "state" / "other.db").write_bytes(database.read_bytes())
    result = piped("state", "encrypt", "--yes")
    assert result.code == 0
    assert result.err.splitlines() == [
        f"warning: still readable without a key: {path}"
        for path in sorted([backup, str(base / "state" / "local-x.db")])
    ]


def test_backups_and_copies_are_encrypted_with_the_same_key(database: Path, base: Path) -> None:
    piped("state", "encrypt", "--yes")
    agents = open_agents()
    for path in (agents.back_up("local"), agents.duplicate("local", "copy")):
        with open(path, "rb") as file:
            assert file.read()[:16] == database.read_bytes()[:16]
    keys.forget()
    assert piped("state", "get", "app:version", "-a", "copy").out == "CANARY-one\n"
    agents.remove("copy")
    assert [path for path in base.rglob("*") if path.is_file() and b"CANARY" in path.read_bytes()] == []


def test_an_agent_without_a_database_begins_encrypted(base: Path) -> None:
    assert silent(piped("state", "encrypt", "--yes", "--agent", "new"))
    assert piped("state", "set", "k", "CANARY", "--agent", "new").code == 0
    content = (base / "state" / "new.db").read_bytes()
    assert content.startswith(MARK)
    assert b"CANARY" not in content


def test_new_agents_are_encrypted_by_a_setting(base: Path, database: Path) -> None:
    (base / "config.toml").write_text("[encryption]\nnew_agents = true\n")
    assert silent(piped("state", "set", "k", "CANARY", "--agent", "new"))
    assert (base / "state" / "new.db").read_bytes().startswith(MARK)
    open_agents().create("made")
    assert (base / "state" / "made.db").read_bytes().startswith(MARK)
    piped("state", "set", "k", "v")
    assert database.read_bytes().startswith(MAGIC), "one that is there stays as it is"


def test_stores_elsewhere_are_refused(base: Path) -> None:
    result = piped("state", "encrypt", "--yes", "--store", "s3://bucket/prefix")
    assert result.code == 2
    assert result.err.startswith("error: s3 stores are not encrypted by this program, only files of this")
    os.environ.pop("SLOTH_RUNNER_STORE", None)
    result = piped("state", "rekey", "--yes", "--store", "etcd://localhost/prefix")
    assert result.code == 2
    assert "etcd" in result.err
