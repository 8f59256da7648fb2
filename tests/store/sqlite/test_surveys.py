"""A damaged file is told from a sound one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.errors import DatabaseUnusable
from sloth_tui.store import open_path

if TYPE_CHECKING:
    from pathlib import Path


def test_damage_is_found(tmp_path: Path) -> None:
    path = tmp_path / "agent.db"
    with open_path(str(path), "write") as store:
        store.set_many({f"key{number:05}": "x" * 100 for number in range(5000)})
    damaged = bytearray(path.read_bytes())
    for place in range(40 * 4096, 60 * 4096, 4096):
        damaged[place : place + 64] = b"\xa5" * 64
    path.write_bytes(damaged)
    with open_path(str(path)) as store:
        try:
            found = store.problems()
        except DatabaseUnusable as error:
            found = [error.message]
    assert found
