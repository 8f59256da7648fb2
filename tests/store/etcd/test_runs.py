"""Runs on etcd: the document's tasks, and check mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_store
from tests.cli.support import piped
from tests.store.document import calls, run_all_twice

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["calls"]
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def chosen(address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("SLOTH_RUNNER_STORE", address)
    return address


@pytest.mark.timeout(300)
def test_all_tasks_of_the_document_and_the_second_run_changes_nothing(
    tmp_path: Path, calls: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_all_twice(tmp_path, calls, base, monkeypatch)


def test_a_check_changes_a_copy(tmp_path: Path) -> None:
    with open_store("local", "write") as store:
        store.set("size", 3)
        newest = store.revision()
    file = tmp_path / "tasks.lua"
    file.write_text('task({name = "t", run = function() state.increment("size") end})')
    done = piped("run", str(file), "--check")
    assert (done.code, done.err) == (10, "")
    with open_store("local") as store:
        assert (store.get("size"), store.revision()) == (3, newest)
