"""What cannot be read is told on screen, not shown as empty."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Literal

import pytest

from sloth_tui.errors import DatabaseUnusable
from sloth_tui.store import open_store
from tests.store.sqlite.others import files_of, make_ours, run_other
from tests.store.unprivileged import WITHOUT_RIGHTS
from tests.store.unreadable import EMPTIED, leave_a_hot_journal
from tests.support import sweep
from tests.tui.driving import running, until
from tests.tui.test_terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sloth_tui.store.port import Store

pytestmark = pytest.mark.slow


def without_rights() -> Terminal:
    """The app on a terminal, as a user who may do with files only what their modes say."""
    return Terminal(argv=[*WITHOUT_RIGHTS, sys.executable, "-m", "sloth_tui"], size=(120, 40))


def leave(terminal: Terminal) -> str:
    """Quit, and return all that the terminal was ever sent."""
    terminal.process.send("q")
    terminal.ends(0)
    return terminal.received.decode()


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


async def test_a_damaged_history_is_told_on_screen(base: Path) -> None:
    path = base / "state" / "local.db"
    make_ours(path)
    run_other(path, "UPDATE sloth_changes SET at = CAST(x'ff' AS TEXT)")
    async with running() as app:
        await app.sees("1 key", seconds=60)
        await app.press("5")
        await app.sees("damaged", seconds=60)


async def test_what_could_not_be_read_for_a_moment_is_read_again(
    believable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As while another program makes or closes a database."""
    failures = [DatabaseUnusable("busy with its end")]

    def open_later(agent: str, mode: Literal["read"]) -> Store:
        if agent == "production" and failures:
            raise failures.pop()
        return open_store(agent, mode)

    monkeypatch.setattr("sloth_tui.tui.services.rows.open_store", open_later)
    async with running() as app:
        await app.sees("● live")
        app.browser.choose_agent("production")
        await until(lambda: not failures)
        await app.sees("environment:type")
        await app.sees("● live")


def test_a_directory_that_may_not_be_searched_is_told_and_comes_back(base: Path) -> None:
    make_ours(base / "state" / "local.db")
    (base / "state").chmod(0)
    terminal = without_rights()
    terminal.sees("state/local.db: permission denied")
    assert not any("1 key" in line or "No key here yet" in line for line in terminal.screen.display)
    (base / "state").chmod(0o700)
    terminal.sees("1 key")
    leave(terminal)


def test_what_was_never_committed_is_not_shown(base: Path, tmp_path: Path) -> None:
    path = leave_a_hot_journal(base / "state" / "local.db", tmp_path)
    before = files_of(path)
    for file in path.parent.iterdir():
        file.chmod(0o400)
    path.parent.chmod(0o500)
    terminal = without_rights()
    terminal.sees("a writer left it half written")
    path.parent.chmod(0o700)
    assert files_of(path) == before
    for file in path.parent.iterdir():
        file.chmod(0o600)
    terminal.sees("2,000 keys")
    terminal.sees("old0000")
    assert "new0000" not in leave(terminal)


@pytest.mark.parametrize("empty", sweep(EMPTIED, EMPTIED[-1:]))
async def test_a_database_that_lost_its_content_is_told_and_left_alone(
    base: Path, empty: Callable[[Path], None]
) -> None:
    path = base / "state" / "local.db"
    make_ours(path)
    empty(path)
    before = files_of(path)
    async with running() as app:
        await app.sees("damaged: it is empty", seconds=60)
        assert "No key here yet" not in app.text()
    assert files_of(path) == before
