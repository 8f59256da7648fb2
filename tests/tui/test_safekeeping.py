"""Backups, restores and the doctor, from the palette."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from textual.widgets import Button

from sloth_tui.store import open_store
from sloth_tui.store.backups import list_backups, save
from sloth_tui.tui.dialogs.backups import BackupsScreen
from sloth_tui.tui.dialogs.confirm import ConfirmScreen
from sloth_tui.tui.dialogs.doctor import DoctorScreen
from tests.support import sweep
from tests.tui.driving import running, until
from tests.tui.state import elsewhere

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


def write(**values: str) -> None:
    with open_store("local", "write") as store:
        store.set_many(values)


def read() -> dict[str, object]:
    with open_store("local") as store:
        return dict(store.items())


@pytest.mark.parametrize("size", sweep([(120, 40), (60, 20)], [(60, 20)]), ids="{0[0]}x{0[1]}".format)
async def test_a_backup_is_made_and_restored_and_undo_takes_that_back(
    base: Path, size: tuple[int, int]
) -> None:
    write(a="1", b="2")
    async with running(size=size) as app:
        app.browser.perform("restore")
        await until(lambda: "there is no backup of agent local" in app.toasts)
        app.browser.perform("back_up")
        await until(lambda: any(toast.startswith("backup: ") for toast in app.toasts))
        assert len(list_backups("local")) == 1
        write(a="changed", c="3")
        app.browser.perform("restore")
        await until(lambda: isinstance(app.app.screen, BackupsScreen))
        await app.sees("1 backup of agent local")
        await app.sees("asked for")
        await app.press("enter")
        await until(lambda: isinstance(app.app.screen, ConfirmScreen))
        await app.press("escape")
        assert read() == {"a": "changed", "b": "2", "c": "3"}
        app.browser.perform("restore")
        await until(lambda: isinstance(app.app.screen, BackupsScreen))
        await app.press("enter")
        await until(lambda: isinstance(app.app.screen, ConfirmScreen))
        await until(lambda: app.app.screen.query("#confirm"))
        app.on_top(Button, "#confirm").press()
        await until(lambda: "set 1 and deleted 1 keys of local · u to undo" in app.toasts)
        assert read() == {"a": "1", "b": "2"}
        await until(lambda: app.table.count == 2)
        assert [backup.reason for backup in list_backups("local")] == ["restore", None]


async def test_a_restore_by_another_program_is_seen_and_a_clear_of_everything_makes_a_backup_first(
    base: Path,
) -> None:
    write(a="1")
    saved = save("local")
    write(a="changed", b="2")
    async with running() as app:
        await until(lambda: app.table.count == 2)
        elsewhere(f"from sloth_tui.store.backups import restore; restore('local', {saved!r})")
        await until(lambda: app.table.count == 1)
        await app.goes_to("a")
        await app.sees("1")

        app.browser.perform("clear_all")
        await until(lambda: isinstance(app.app.screen, ConfirmScreen))
        await until(lambda: app.app.screen.query("#confirm"))
        app.on_top(Button, "#confirm").press()
        await until(lambda: not read())
        backup = list_backups("local")[0]
        assert backup.reason == "clear"


async def test_the_doctor_reports_and_damage_comes_first(base: Path) -> None:
    write(a="1")
    (base / "state" / "local.db").chmod(0o644)
    async with running(read_only=True) as app:
        app.browser.perform("examine")
        await until(lambda: isinstance(app.app.screen, DoctorScreen))
        await app.sees("Not damaged, 1 warning")
        await app.sees("! permissions: other users may get at")
        await app.press("escape")
        await until(lambda: not isinstance(app.app.screen, DoctorScreen))
        app.browser.perform("back_up")
        await until(lambda: any(toast.startswith("read-only") for toast in app.toasts))
    assert not os.path.exists(base / "backups")
    content = bytearray((base / "state" / "local.db").read_bytes())
    content[:16] = bytes(16)
    (base / "state" / "local.db").write_bytes(content)
    async with running() as app:
        app.browser.perform("examine")
        await app.sees("The store is damaged")
        await app.sees("state doctor --repair")


async def test_a_damaged_database_is_not_replaced_under_the_screen(base: Path) -> None:
    write(a="1")
    save("local")
    path = base / "state" / "local.db"
    damaged = bytes(100) + path.read_bytes()[100:]
    path.write_bytes(damaged)
    async with running() as app:
        app.browser.perform("restore")
        await until(lambda: isinstance(app.app.screen, BackupsScreen))
        await app.press("enter")
        await until(lambda: app.app.screen.query("#confirm"))
        app.on_top(Button, "#confirm").press()
        await until(lambda: any("not a SQLite database" in toast for toast in app.toasts))
    assert path.read_bytes() == damaged
