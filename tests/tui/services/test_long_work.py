"""Long changes and checks, without a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import Conflict, Interrupted
from sloth_tui.settings import Settings
from sloth_tui.store import open_store
from sloth_tui.tui.services.job import Job
from sloth_tui.tui.services.long_work import LongJobs
from sloth_tui.tui.services.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sloth_tui.model import ChangeSet


@pytest.fixture
def jobs(base: Path) -> Iterator[LongJobs]:
    with open_store("local", "write") as store:
        store.set_many({"a": 1, "b": 2, "tmp:1": 1, "tmp:2": 2})
    writer = Writer(read_only=False)
    jobs = LongJobs(writer, lambda: "local", Settings())
    yield jobs
    jobs.stop()
    writer.stop()


def last_change_set() -> ChangeSet:
    with open_store("local", "read") as store:
        return next(iter(store.change_sets()))


def title() -> str:
    origin = last_change_set().origin
    return "" if origin is None else origin.title


def test_deletions_count_what_existed_and_are_recorded_under_what_was_asked(jobs: LongJobs) -> None:
    assert jobs.delete(Job(), ["a"]).result() == 1
    assert title() == "delete a"
    assert jobs.delete(Job(), ["a", "b"]).result() == 1
    assert title() == "delete 2 keys"
    assert jobs.clear(Job(), "tmp:").result() == 2
    assert title() == "clear --prefix tmp:"


def test_an_undo_is_refused_where_others_changed_keys_since_unless_forced(jobs: LongJobs) -> None:
    jobs.delete(Job(), ["a", "b"]).result()
    deleted = last_change_set()
    with open_store("local", "write") as store:
        store.set("a", "another")
    with pytest.raises(Conflict):
        jobs.undo(Job(), "local", deleted, "undo it", force=False).result()
    assert jobs.undo(Job(), "local", deleted, "undo it", force=True).result() == 2
    assert title() == "undo it"
    with open_store("local", "read") as store:
        assert (store.get("a"), store.get("b")) == (1, 2)


def test_a_cancelled_job_changes_nothing(jobs: LongJobs) -> None:
    job = Job()
    job.cancel()
    with pytest.raises(Interrupted):
        jobs.clear(job, "").result()
    with open_store("local", "read") as store:
        assert store.count() == 4


def test_compacting_forgets_old_revisions_and_a_sound_database_has_no_problem(jobs: LongJobs) -> None:
    with open_store("local", "write") as store:
        for number in range(5):
            store.set("a", number)
    done = jobs.compact(Job(), 2).result()
    assert done.forgotten == 4
    assert done.freed is not None
    assert done.freed >= 0
    assert jobs.problems(Job()).result() == []
