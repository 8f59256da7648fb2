"""Jobs on one thread, one after the other."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from sloth_tui.errors import SlothError
from sloth_tui.shortage import describe_shortage
from sloth_tui.threads import Thread
from sloth_tui.tui.services.beside import settle

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class OneByOne:
    """Does jobs in their order, on a thread that begins with the first one. Safe from any thread."""

    def __init__(self, name: str) -> None:
        """``name``: of the thread."""
        self._name = name
        self._wake = threading.Condition()
        self._jobs: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._thread: Thread | None = None
        self._stopping = False

    def submit(self, job: Callable[..., T], *arguments: object) -> Future[T]:
        """Queue a job. The future raises its errors, and SlothError if there is no memory for the thread;
        after :meth:`stop` it is cancelled."""
        future = Future[T]()
        with self._wake:
            if self._stopping:
                future.cancel()
                return future
            self._jobs.append((future, partial(job, *arguments)))
            try:
                self._begin()
            except (MemoryError, RuntimeError) as error:
                self._jobs.pop()
                future.set_exception(SlothError(describe_shortage(error) or str(error)))
            self._wake.notify()
        return future

    def stop(self) -> None:
        """Cancel the jobs that have not begun, and wait for the end of the one that has."""
        with self._wake:
            self._stopping = True
            for future, _ in self._jobs:
                future.cancel()
            self._jobs.clear()
            self._wake.notify()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _begin(self) -> None:
        if self._thread is None:
            thread = Thread(self._run, self._name)
            thread.start()
            self._thread = thread

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._jobs or self._stopping)
                if not self._jobs:
                    return
                future, job = self._jobs.popleft()
            settle(future, job)
            # Neither is kept while nothing is done.
            del future, job
