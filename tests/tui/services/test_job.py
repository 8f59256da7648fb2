"""A job that can be cancelled."""

from __future__ import annotations

import pytest

from sloth_tui.errors import Interrupted
from sloth_tui.tui.services.job import Job


class Store:
    """Remembers how often it was interrupted."""

    interrupts = 0

    def interrupt(self) -> None:
        self.interrupts += 1


def test_progress_is_what_was_reported_last() -> None:
    job = Job()
    assert (job.done, job.total) == (0, 0)
    job.report(3, 9)
    assert (job.done, job.total, job.cancelled) == (3, 9, False)


def test_a_cancelled_job_ends_at_its_next_report() -> None:
    job = Job()
    job.cancel()
    with pytest.raises(Interrupted):
        job.report(1, 2)

    def work(store: Store) -> None:
        pytest.fail("it began")

    with pytest.raises(Interrupted):
        job.bind(work)(Store())


def test_cancelling_interrupts_the_store_that_is_at_work_and_no_other() -> None:
    job, store = Job(), Store()

    def work(store: Store) -> str:
        job.cancel()
        job.cancel()
        return "done"

    assert job.bind(work)(store) == "done"
    assert store.interrupts == 2
    job.cancel()
    assert store.interrupts == 2
