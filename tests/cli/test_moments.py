"""Revisions and times as people name them."""

from __future__ import annotations

import time
from datetime import datetime

import pytest

from sloth_tui.cli.parsing.when import moment

NOW = datetime(2026, 3, 18, 15, 30).timestamp()
"""A Wednesday, local time."""


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: NOW)


def local(*parts: int) -> float:
    return datetime(*parts).timestamp()  # type: ignore[arg-type]


@pytest.mark.parametrize(("word", "revision"), [("0", 0), ("17", 17), ("20260101", 20260101)])
def test_a_number_is_a_revision(word: str, revision: int) -> None:
    found = moment(word)
    assert found == revision
    assert isinstance(found, int)


@pytest.mark.parametrize(
    ("word", "at"),
    [
        ("2026-01-31T14:00:00Z", 1769868000.0),
        ("2026-01-31T14:00Z", 1769868000.0),
        ("2026-01-31T15:00:00.250+01:00", 1769868000.25),
        ("2026-01-31 14:00", local(2026, 1, 31, 14)),
        ("2026-01-31", local(2026, 1, 31)),
        ("now", NOW),
        ("10m ago", NOW - 600),
        ("10 minutes ago", NOW - 600),
        ("30s ago", NOW - 30),
        ("2h ago", NOW - 7200),
        ("3 days ago", NOW - 3 * 86400),
        ("30d", NOW - 30 * 86400),
        ("1w ago", NOW - 7 * 86400),
        ("yesterday 14:00", local(2026, 3, 17, 14)),
        ("today 09:15", local(2026, 3, 18, 9, 15)),
        ("14:00", local(2026, 3, 18, 14)),
        ("15 March 2026", local(2026, 3, 15)),
    ],
)
def test_times(word: str, at: float) -> None:
    found = moment(word)
    assert isinstance(found, float)
    # Daylight saving may lie between.
    assert found == at or abs(abs(found - at) - 3600) < 1


@pytest.mark.parametrize(
    "word", ["", "-", "foo", "5 apples", "-5", "99999999999999999999", "in 2 hours", "2099-01-01", "\x1b[31m"]
)
def test_what_is_no_moment_is_told(word: str) -> None:
    with pytest.raises(ValueError, match=r"is not a time|in the future|64 bits"):
        moment(word)
