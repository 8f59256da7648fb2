"""The plain build of apsw: it refuses to encrypt, says how to exchange it, and never gets a key."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import apsw
import pytest

from sloth_tui.errors import DatabaseUnusable
from sloth_tui.store import open_store
from sloth_tui.store.sqlite.keys.keyed import set_key, target
from tests.ciphers import HAS_CIPHERS
from tests.cli.support import Result, piped

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(HAS_CIPHERS, reason="about the plain build")

LACKS = "this installation cannot read or write encrypted databases: its apsw has no ciphers"
PIP = "pip uninstall -y apsw && pip install apsw-sqlite3mc"


@pytest.mark.parametrize("command", ["encrypt", "decrypt", "rekey"])
def test_the_commands_that_help_are_printed(command: str, base: Path) -> None:
    piped("state", "set", "k", "v")
    before = (base / "state" / "local.db").read_bytes()
    assert piped("state", command, "--yes") == Result(
        7,
        b"",
        (
            f"pip: {PIP}\n"
            "pipx: pipx runpip sloth-tui uninstall -y apsw && pipx inject sloth-tui apsw-sqlite3mc\n"
            "uv: uv pip uninstall apsw && uv pip install apsw-sqlite3mc\n"
            f"error: agent 'local': {LACKS}\n"
            f"hint: {PIP}\n"
        ).encode(),
    )
    assert (base / "state" / "local.db").read_bytes() == before
    assert not (base / "keys").exists()


def test_an_encrypted_database_is_told_from_any_other_file(base: Path) -> None:
    database = base / "state" / "local.db"
    database.parent.mkdir(parents=True)
    content = b"sloth1\0\x000123abcd\x10\0\2\2 @  " + bytes(range(256)) * 16
    database.write_bytes(content)
    for words in (("state", "get", "k"), ("state", "set", "k", "v"), ("state", "stats")):
        result = piped(*words)
        assert result == Result(7, b"", f"error: {database}: encrypted: {LACKS}\nhint: {PIP}\n".encode())
    assert database.read_bytes() == content
    assert [path.name for path in database.parent.iterdir()] == ["local.db"]


def test_new_agents_that_are_to_be_encrypted_are_not_made_plain(base: Path) -> None:
    base.mkdir()
    (base / "config.toml").write_text("[encryption]\nnew_agents = true\n")
    result = piped("state", "set", "k", "CANARY")
    assert result.code == 7
    assert f"new agents are to be encrypted: {LACKS}" in result.err
    assert [path.name for path in base.rglob("*")] == ["config.toml"]


def test_no_connection_gets_a_key(tmp_path: Path) -> None:
    """SQLite without ciphers takes the statement, and writes plain text."""
    connection = apsw.Connection(str(tmp_path / "new.db"))
    with pytest.raises(DatabaseUnusable):
        set_key(connection, ("0123abcd", bytes(32)))
    with pytest.raises(DatabaseUnusable):
        target(str(tmp_path / "other.db"), ("0123abcd", bytes(32)))
    connection.close()


def test_a_key_file_is_no_reason_to_look_at_it(base: Path) -> None:
    """What is not encrypted is read without: its key file may be unreadable, or wrong."""
    with open_store("local", "write") as store:
        store.set("k", "v")
    (base / "keys").mkdir()
    key = base / "keys" / "local.key"
    key.write_text("nonsense")
    key.chmod(stat.S_IRUSR | stat.S_IROTH)
    assert piped("state", "get", "k").out == "v\n"
