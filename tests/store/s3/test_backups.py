"""Backups of a store on S3, what comes back of them, and what the doctor sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_store
from sloth_tui.store.backups import back_up_first, list_backups, restore, save
from sloth_tui.store.doctor import examine

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


def test_a_backup_comes_back_as_one_change_and_the_doctor_looks(address: str, base: Path) -> None:
    with open_store("local", "write", address=address) as store:
        store.set_many({"a": 1, "b": 2})
        path = save("local", address=address)
        store.set_many({"a": "changed", "c": 3})
    assert back_up_first("local", "clear", address=address) is not None
    done = restore("local", path, address=address)
    assert (done.changed, done.removed, done.history) == (1, 1, False)
    with open_store("local", address=address) as store:
        assert dict(store.items()) == {"a": 1, "b": 2}
    assert restore("web", path, address=address).history
    assert [backup.reason for backup in list_backups("local")] == ["restore", "clear", None]
    found = examine("local", full=True, address=address)
    assert found.backend == "s3"
    assert found.healthy
    names = [check.name for check in found.checks]
    assert names == ["server", "conditions", "orphans", "size", "structure", "values", "clock"]
