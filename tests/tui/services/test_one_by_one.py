"""Jobs on one thread."""

from __future__ import annotations

import threading

import pytest

from sloth_tui.errors import SlothError
from sloth_tui.threads import Thread
from sloth_tui.tui.services.one_by_one import OneByOne
from tests.support import A_MINUTE


def test_jobs_are_done_in_their_order_on_one_thread() -> None:
    jobs = OneByOne("jobs")
    done = [
        jobs.submit(lambda number=number: (number, threading.current_thread().name)) for number in range(9)
    ]
    assert [future.result(A_MINUTE) for future in done] == [(number, "jobs") for number in range(9)]
    jobs.stop()


def test_an_error_is_that_of_the_future_and_the_next_job_is_done() -> None:
    jobs = OneByOne("jobs")
    failed = jobs.submit(int, "x")
    assert jobs.submit(int, "1").result(A_MINUTE) == 1
    with pytest.raises(ValueError, match="invalid literal"):
        failed.result(A_MINUTE)
    jobs.stop()


def test_stopping_waits_for_the_job_that_has_begun_and_cancels_the_others() -> None:
    jobs, begun, go_on = OneByOne("jobs"), threading.Event(), threading.Event()

    def work() -> str:
        begun.set()
        go_on.wait(A_MINUTE)
        return "done"

    first, second = jobs.submit(work), jobs.submit(work)
    begun.wait(A_MINUTE)
    threading.Timer(0.05, go_on.set).start()
    jobs.stop()
    assert first.result(0) == "done"
    assert second.cancelled()
    assert jobs.submit(work).cancelled()
    jobs.stop()


def test_nothing_is_started_before_the_first_job() -> None:
    OneByOne("jobs").stop()


def test_without_memory_for_its_thread_a_job_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = OneByOne("jobs")
    with monkeypatch.context() as patched:

        def start(thread: object) -> None:
            raise MemoryError

        patched.setattr(Thread, "start", start)
        with pytest.raises(SlothError, match="out of memory"):
            jobs.submit(int).result(A_MINUTE)
    assert jobs.submit(int).result(A_MINUTE) == 0
    jobs.stop()
