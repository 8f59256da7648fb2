"""Backups of encrypted agents are encrypted, and restored as the agent is encrypted now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.store.sqlite import keys
from tests.cli.support import piped

if TYPE_CHECKING:
    from pathlib import Path

MARK = b"sloth1\0\0"


def holds_canary(base: Path) -> list[Path]:
    return [path for path in base.rglob("*") if path.is_file() and b"CANARY" in path.read_bytes()]


def test_a_backup_is_verified_encrypted_and_restored(database: Path, base: Path) -> None:
    piped("state", "encrypt", "--yes")
    result = piped("state", "backup")
    assert result.code == 0, result.err
    (backup,) = base.glob("backups/*.db")
    assert backup.read_bytes()[:16] == database.read_bytes()[:16]
    piped("state", "set", "app:version", "other")
    piped("state", "rekey", "--yes")
    keys.forget()
    result = piped("state", "restore", str(backup), "--yes")
    assert result.code == 0, result.err
    assert piped("state", "get", "app:version").out == "CANARY-one\n"
    assert database.read_bytes()[:16] != backup.read_bytes()[:16]
    result = piped("state", "doctor", "--full")
    assert result.code == 0, result.out + result.err
    assert holds_canary(base) == []


def test_into_a_damaged_one_a_plain_backup_goes_encrypted(database: Path, base: Path) -> None:
    assert piped("state", "backup").code == 0
    (backup,) = base.glob("backups/*.db")
    piped("state", "encrypt", "--yes")
    name = database.read_bytes()[:16]
    data = bytearray(database.read_bytes())
    data[200:4000] = bytes(3800)
    database.write_bytes(data)
    assert piped("state", "get", "n").code == 7
    result = piped("state", "doctor", "--repair", "--yes")
    assert result.code == 9, result.err
    assert "state restore" in result.err
    result = piped("state", "restore", str(backup), "--yes")
    assert result.code == 0, result.err
    assert database.read_bytes()[:16] == name
    keys.forget()
    assert piped("state", "get", "app:version").out == "CANARY-one\n"
    assert "plain copies" in piped("state", "doctor").out


def test_without_its_key_nothing_of_an_encrypted_one_is_replaced(
    database: Path, base: Path, key_file: Path
) -> None:
    piped("state", "backup")
    (backup,) = base.glob("backups/*.db")
    piped("state", "encrypt", "--yes")
    before = database.read_bytes()
    key_file.rename(key_file.with_name("away"))
    keys.forget()
    result = piped("state", "restore", str(backup), "--yes")
    assert result.code == 7
    assert "there is no key for it" in result.err
    assert database.read_bytes() == before


def test_a_new_agent_is_restored_encrypted_where_new_ones_are(database: Path, base: Path) -> None:
    piped("state", "backup")
    (backup,) = base.glob("backups/*.db")
    (base / "config.toml").write_text("[encryption]\nnew_agents = true\n")
    result = piped("state", "restore", str(backup), "--yes", "--agent", "other")
    assert result.code == 0, result.err
    assert (base / "state" / "other.db").read_bytes().startswith(MARK)
    assert piped("state", "get", "app:version", "--agent", "other").out == "CANARY-one\n"
