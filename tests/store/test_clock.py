from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sloth_tui.store.clock import NANOSECONDS, Clock, read_boot_id

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


MICROSECOND = 1000
"""In nanoseconds."""


def test_goes_forward_in_nanoseconds() -> None:
    clock = Clock()
    readings = [time.monotonic_ns(), clock.now(), time.monotonic_ns()]
    while time.monotonic_ns() - readings[2] < NANOSECONDS // 100:
        pass
    readings += [time.monotonic_ns(), clock.now(), time.monotonic_ns()]
    passed = readings[4] - readings[1]
    # Between two readings of another clock, however long it took to take them.
    assert readings[3] - readings[2] - MICROSECOND <= passed <= readings[5] - readings[0] + MICROSECOND


def test_is_not_moved_by_a_step_of_the_wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    before = clock.now()
    true_time = time.time()
    monkeypatch.setattr(time, "time", lambda: true_time + 86400)
    assert clock.wall() == true_time + 86400
    assert clock.now() - before < 60 * NANOSECONDS


def test_two_readings_of_one_boot_agree() -> None:
    assert Clock().boot_id == Clock().boot_id != ""


def test_a_machine_without_a_boot_id_has_the_empty_one(tmp_path: Path) -> None:
    assert read_boot_id(str(tmp_path / "absent")) == ""


def test_sleep_ends_after_its_time() -> None:
    clock = Clock()
    before = clock.now()
    clock.sleep(0.01)
    assert clock.now() - before >= NANOSECONDS // 100
