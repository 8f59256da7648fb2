"""Read the pages of rows that the key table shows, on a thread of its own."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from sloth_tui.errors import SlothError
from sloth_tui.tui.messages import PageLoaded, ThreadDied
from sloth_tui.tui.services.one_by_one import OneByOne

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.message import Message

    from sloth_tui.store.port import Window


class PageReader:
    """Reads one page after the other, while another thread may go on finding rows."""

    def __init__(
        self,
        post: Callable[[Message], object],
        window_of: Callable[[int], Window | None],
        failed: Callable[[Window, SlothError], None],
    ) -> None:
        """``window_of(generation)`` returns the window with the rows of a query, None if the generation is
        void. ``failed`` is called with the errors of the store."""
        self._post = post
        self._window_of = window_of
        self._failed = failed
        self._lock = threading.Lock()
        self._stopping = False
        self._thread = OneByOne("pages")

    def stop(self) -> None:
        """End the thread; wait for the page it reads."""
        with self._lock:
            self._stopping = True
        self._thread.stop()

    def load(self, generation: int, first: int, count: int) -> None:
        """PageLoaded follows with up to ``count`` rows from ``first`` on, unless the generation is void."""
        with self._lock:
            if not self._stopping:
                self._thread.submit(self._load, generation, first, count)

    def _load(self, generation: int, first: int, count: int) -> None:
        window = self._window_of(generation)
        if window is None:
            return
        try:
            rows = window.page(generation, first, count)
        except SlothError as error:
            self._failed(window, error)
        except Exception as error:  # noqa: BLE001  # a bug must end the app, not silence the screen
            self._post(ThreadDied(error))
        else:
            if rows is not None:
                self._post(PageLoaded(generation, first, rows))
