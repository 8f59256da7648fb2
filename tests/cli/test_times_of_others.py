"""What other programs left as a time: shown as that, or as not known."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.support import final_screen, on_terminal, piped
from tests.store.sqlite.others import DOCUMENTED, run_other

if TYPE_CHECKING:
    from pathlib import Path

ROW = ["key", "value", "string", "5", "B", "-"]
TIMES: list[tuple[object, str | None]] = [
    ("2024-05-01 10:00:00", "2024-05-01T10:00:00.000Z"),
    ("2024-05-01T12:00:01.25+02:00", "2024-05-01T10:00:01.250Z"),
    (1714557600, "2024-05-01T10:00:00.000Z"),
    (1714557600.5, "2024-05-01T10:00:00.500Z"),
    (2460431.5, "2024-05-01T00:00:00.000Z"),
    ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
    (0, None),
    (1, None),
    (1000, None),
    (-1, None),
    (-62135596800, None),
    (1714557600000, None),
    (1e300, None),
    ("-4000-01-01 00:00:00", None),
    ("now", None),
    ("12:30", None),
    ("nonsense", None),
    ("2024-13-45 10:00:00", None),
    ("", None),
    (None, None),
]


@pytest.mark.slow
@pytest.mark.parametrize(("stored", "shown"), TIMES)
def test_a_time_is_shown_or_not_known(base: Path, stored: object, shown: str | None) -> None:
    path = base / "state" / "local.db"
    path.parent.mkdir(parents=True, mode=0o700)
    run_other(
        path,
        DOCUMENTED,
        ("INSERT INTO state VALUES ('key', 'value', ?, ?)", stored, stored),
        ("INSERT INTO locks VALUES ('lock', 'holder', ?, '2999-01-01 00:00:00')", stored),
    )
    entry = json.loads(piped("state", "show", "key", "-o", "json").out)
    assert (entry["created_at"], entry["updated_at"]) == (shown, shown)
    (record,) = map(json.loads, piped("state", "list", "-o", "jsonl").out.splitlines())
    assert record["updated_at"] == shown
    (lock,) = json.loads(piped("lock", "list", "-o", "json").out)
    assert lock["acquired_at"] == shown
    assert piped("state", "list").out == f"key\tvalue\tstring\t5\t{shown or ''}\t\n"
    if shown is None:
        assert json.loads(piped("state", "stats", "-o", "json").out)["last_modified"] == 0
        shown_lines = final_screen(on_terminal("state", "list").stdout).splitlines()
        assert ROW in [line.split() for line in shown_lines]


def test_a_lock_whose_end_cannot_be_read_is_held_for_the_longest_time(base: Path) -> None:
    path = base / "state" / "local.db"
    path.parent.mkdir(parents=True, mode=0o700)
    run_other(path, DOCUMENTED, "INSERT INTO locks VALUES ('lock', 'holder', NULL, 1000)")
    (lock,) = json.loads(piped("lock", "list", "-o", "json").out)
    assert lock["remaining"] == pytest.approx(30 * 86400, abs=60)
