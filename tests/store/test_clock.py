from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sloth_tui.store.clock import NANOSECONDS, Clock, read_boot_id

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_goes_forward_in_nanoseconds() -> None:
    clock = Clock()
    before, by_another = clock.now(), time.monotonic_ns()
    while time.monotonic_ns() - by_another < NANOSECONDS // 100:
        pass
    passed, by_another = clock.now() - before, time.monotonic_ns() - by_another
    assert abs(passed - by_another) < NANOSECONDS // 100


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
