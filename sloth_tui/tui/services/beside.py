"""Work on a thread of its own, beside the changes and what the screen reads."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

from sloth_tui.store import open_store
from sloth_tui.threads import Thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.store.port import Store
    from sloth_tui.tui.services.job import Job

T = TypeVar("T")


def on_a_thread(work: Callable[[], T], name: str) -> Future[T]:
    """Start ``work`` on a thread with this name; the future raises what it raises. Raises MemoryError,
    RuntimeError if no thread can be started."""
    future = Future[T]()
    Thread(lambda: settle(future, work), name).start()
    return future


def settle(future: Future[T], work: Callable[[], T]) -> None:
    """Give the future what ``work`` returns or raises; do nothing if it was cancelled."""
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001  # the caller gets it from the future
        future.set_exception(error)


def read_on_a_thread(agent: str, job: Job, work: Callable[[Store], T], name: str) -> Future[T]:
    """Start ``work`` on a store that is opened for it, so that the job can interrupt it. Raises as
    :func:`on_a_thread`."""

    def read() -> T:
        with open_store(agent, "read") as store:
            return job.bind(work)(store)

    return on_a_thread(read, name)
