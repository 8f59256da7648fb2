from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import apsw
import pytest

from sloth_tui.store import open_path
from sloth_tui.store.rows import key_index, window
from sloth_tui.store.rows import order as row_order
from sloth_tui.store.sqlite.rows import sorted as sorted_rows
from tests.store.sqlite.window.viewer import DOCUMENTED, Viewer, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sloth_tui.store.sqlite.store import SqliteStore


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many runs, pages and slices with few rows."""
    monkeypatch.setattr(key_index, "RUN", 4)
    monkeypatch.setattr(key_index, "CROWDED", 12)
    monkeypatch.setattr(sorted_rows, "SLICE", 7)
    for module in (row_order, sorted_rows, window):
        monkeypatch.setattr(module, "FIRST_PAGE", 5)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "agent.db")


@pytest.fixture
def store(path: str) -> Iterator[SqliteStore]:
    with open_path(path, "write") as opened:
        yield opened


@pytest.fixture
def view(path: str) -> Iterator[Viewer]:
    with closing(Viewer(path)) as opened:
        yield opened


@pytest.fixture
def other(path: str) -> Iterator[apsw.Connection]:
    """Another program, whose database has the documented tables only."""
    with closing(apsw.Connection(path)) as connection:
        run(connection, f"PRAGMA journal_mode = WAL; {DOCUMENTED}")
        yield connection
