"""Damaged copies of a database: the doctor says so, or what is read is right as far as the file can tell; a
repair brings back what is still there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import DatabaseDamaged
from sloth_tui.store import open_path, open_store
from sloth_tui.store.doctor import examine, rescue
from tests.store.sqlite.repair.damaging import MOST_FLIPS, damage, late, write_originals
from tests.support import rounds

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

COPIES = rounds(12, 504)
NEEDED = 0.95


def entries(path: str) -> dict[str, object]:
    with open_path(path) as store:
        return dict(store.items())


@pytest.fixture
def truths(base: Path) -> list[dict[str, object]]:
    """What the entries were after each commit, the last one that is not only in the log first."""
    base.mkdir()
    write_originals(base)
    first = entries(str(base / "plain.db"))
    states = [first, {**first, "late:0": "0"}]
    for values in late():
        states.append({**states[-1], **values})
    return states


def test_the_doctor_says_so_or_what_is_read_is_right(base: Path, truths: list[dict[str, object]]) -> None:
    told = 0
    for number in range(COPIES):
        kind = damage(base, number)
        if not examine("local", full=True).healthy:
            told += 1
            continue
        with open_store("local") as store:
            found = dict(store.items())
        if kind == "log":
            assert found in truths, (number, kind)
            continue
        assert found.keys() == truths[0].keys(), (number, kind)
        wrong = [key for key in found if found[key] != truths[0][key]]
        # No file without checksums can tell that a text, or the end of a long one, was another.
        assert not wrong or kind in ("bits", "pages", "sectors"), (number, kind, wrong)
        assert len(wrong) <= MOST_FLIPS, (number, kind, wrong)
    assert told >= COPIES // 2


def test_a_repair_brings_back_what_is_still_there(base: Path, truths: list[dict[str, object]]) -> None:
    still_there = brought_back = 0
    for number in range(COPIES):
        kind = damage(base, number)
        path = base / "state" / "local.db"
        before = path.read_bytes()
        try:
            report = rescue("local")
        except DatabaseDamaged:
            assert kind == "truncated", number  # before the first entry
            continue
        found = entries(report.repaired)
        assert path.read_bytes() == before
        assert len(found) == report.entries == report.from_pages + len(report.recovered)
        if kind == "log":
            # Up to the last commit whose checksums are right.
            assert found in truths, number
            continue
        there = [
            key
            for key, value in truths[0].items()
            if isinstance(value, str) and (key + value).encode() in before
        ]
        still_there += len(there)
        brought_back += sum(found.get(key) == truths[0][key] for key in there)
        recovered = {one.key for one in report.recovered}
        for key, value in found.items():
            if value != truths[0].get(key):
                assert key in recovered or kind in ("bits", "pages", "sectors"), (number, kind, key)
    assert brought_back >= NEEDED * still_there > 0
    print(f"{brought_back} of {still_there} rows whose bytes are still there")
