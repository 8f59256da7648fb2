"""The figures of a store, against what a walk through it adds up to."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_path
from tests.store.conformance.samples import VALUES
from tests.store.sqlite.others import DOCUMENTED, run_other

if TYPE_CHECKING:
    from pathlib import Path

NOON = 1_780_315_200


def test_the_figures_are_those_of_a_walk(path: Path) -> None:
    run_other(
        path,
        DOCUMENTED,
        "INSERT INTO state VALUES ('theirs', 'é', datetime(), datetime()), ('blob', x'ff00', NULL, NULL)",
        "INSERT INTO state VALUES (NULL, 'no key', datetime(), datetime()), (x'6b', 'none', NULL, NULL)",
    )
    with open_path(str(path), "write") as store:
        store.set_many({f"ours:{number}": value for number, value in enumerate(VALUES)})
        store.delete("ours:0")
        entries, stats = list(store.entries()), store.stats()
        past = [change for key in [*store.keys(), "ours:0"] for change in store.revisions(key)]
    assert stats.total_keys == len(entries) == len(VALUES) + 1
    assert stats.total_size == sum(len(entry.key.encode()) + entry.size for entry in entries)
    assert stats.types == Counter(entry.type for entry in entries)
    assert list(stats.types) == sorted(stats.types)
    assert stats.last_modified == int(max(change.at for change in past))
    assert (stats.revisions, stats.revision) == (len(past), max(change.revision for change in past))


@pytest.mark.parametrize(
    ("times", "newest"),
    [
        (["2026-06-01 12:00:00", "2026-06-01 11:59:59.999"], NOON),
        (["2026-06-01 12:00:00.001", "2026-06-01 12:00:00"], NOON),
        (["2026-06-01 11:00:00", "2026-06-01T14:00:00+02:00"], NOON),
        (["2026-06-01 12:00:00", "2026-06-01T13:00:00+02:00"], NOON),
        (["2026-06-01T12:00:00Z", "2026-06-01 13:00:00+02:00"], NOON),
        ([NOON, "2026-06-01 11:00:00"], NOON),
        ([None, "no time at all"], 0),
    ],
)
def test_the_newest_change_is_found_however_times_are_written(
    path: Path, times: list[object], newest: int
) -> None:
    rows = [("INSERT INTO state VALUES (?, '', NULL, ?)", str(number), at) for number, at in enumerate(times)]
    run_other(path, DOCUMENTED, *rows)
    with open_path(str(path)) as store:
        assert store.stats().last_modified == newest
