"""Runs on S3: the document's tasks, and check mode."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_copy, open_store
from tests.cli.support import piped
from tests.servers.s3 import path_in
from tests.store.document import calls, run_all_twice

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.s3 import Bucket

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


def test_a_check_changes_a_copy(tmp_path: Path, chosen: str, server: Bucket) -> None:
    with open_store("local", "write") as store:
        store.set("size", 3)
        store.acquire("deploy", "ann", 600)
    before = server.get(path_in(chosen, "local.db"))
    file = tmp_path / "tasks.lua"
    file.write_text(
        'task({name = "t", run = function()\n'
        '  state.increment("size")\n  print(state.is_locked("deploy"))\nend})\n'
    )
    done = piped("run", str(file), "--check")
    assert (done.code, done.err) == (10, "")
    assert re.search(r"size: 3 -> 4|size.*3.*4", done.out)
    assert "true\tann" in done.out
    assert server.get(path_in(chosen, "local.db")) == before
    assert piped("drift", str(file)).code == 10


def test_a_copy_holds_what_the_store_does_and_is_lost(chosen: str, server: Bucket) -> None:
    with open_store("web", "write") as store:
        store.set_many({"b": b"\x00\xff", "f": 0.5, "i": -(2**63), "t": {"x": [1, None]}, "y": True})
        held = dict(store.items())
    paths = server.paths(path_in(chosen))
    with open_copy("web") as copy:
        assert dict(copy.items()) == held
        copy.set("more", 1)
    with open_copy("nobody") as copy:
        assert copy.count() == 0
        copy.set("more", 1)
    assert server.paths(path_in(chosen)) == paths
    with open_store("web") as store:
        assert dict(store.items()) == held
