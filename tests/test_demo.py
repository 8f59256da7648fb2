"""The sample state of ``make demo``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from sloth_tui import demo
from sloth_tui.model import Origin
from sloth_tui.store import open_path, open_store

if TYPE_CHECKING:
    from pathlib import Path

ORIGIN = Origin("ana", "host", 1, "sloth-tui", "sample state")


@pytest.mark.parametrize("agent", demo.AGENTS)
def test_any_store_can_be_filled_with_it(tmp_path: Path, agent: str) -> None:
    with open_path(str(tmp_path / "store.db"), "write") as store:
        ends = demo.fill_store(store, agent, ORIGIN, time.time())
        assert dict(demo.AGENTS[agent]).items() <= dict(store.items()).items()
        revisions = [revision for revision, _ in ends]
        assert revisions == sorted(revisions)
        assert ends[-1][0] == store.revision()
        assert [lock.name for lock in store.locks()] == sorted(name for name, _, _ in demo.LOCKS[agent])
        # What changes nothing of an agent is no change set of its.
        assert len(list(store.change_sets())) == len(set(revisions))


def test_the_files_of_it_say_that_most_happened_in_the_past() -> None:
    now = time.time()
    demo.fill(ORIGIN, now)
    with open_store("local") as store:
        assert dict(demo.LOCAL).items() <= dict(store.items()).items()
        oldest = min(change.at for change in store.change_sets())
    assert now - oldest > 10 * 86400
