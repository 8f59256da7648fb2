"""What cannot be read is told on screen, not shown as empty."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.store.sqlite.others import make_ours, run_other
from tests.tui.driving import running, until

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
async def test_a_directory_that_is_none_is_told_in_both_panes_and_comes_back(base: Path) -> None:
    base.mkdir()
    (base / "state").write_text("")
    async with running() as app:
        await app.sees("state/local.db: not a directory", seconds=60)
        await app.sees("✗", seconds=60)
        assert "empty" not in app.text()
        (base / "state").unlink()
        make_ours(base / "state" / "local.db")
        await app.sees("1 key", seconds=60)


async def test_a_hard_link_is_refused_on_screen(base: Path) -> None:
    make_ours(base / "state" / "local.db")
    os.link(base / "state" / "local.db", base / "state" / "second.db")
    async with running() as app:
        await app.sees("a hard link", seconds=60)


@pytest.mark.slow
async def test_a_database_open_to_all_is_told_once(base: Path) -> None:
    path = base / "state" / "local.db"
    make_ours(path)
    path.chmod(0o666)
    async with running() as app:
        await until(lambda: app.toasts, seconds=60)
        app.browser.services.refresh()
        await app.press("f5")
        await app.at_rest()
        assert app.toasts == [f"every user can change {path}: chmod go-rwx {path}"]


@pytest.mark.slow
async def test_a_damaged_history_is_told_on_screen(base: Path) -> None:
    path = base / "state" / "local.db"
    make_ours(path)
    run_other(path, "UPDATE sloth_changes SET at = CAST(x'ff' AS TEXT)")
    async with running() as app:
        await app.sees("1 key", seconds=60)
        await app.press("5")
        await app.sees("damaged", seconds=60)
