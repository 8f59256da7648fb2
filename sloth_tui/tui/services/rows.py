"""The thread that finds the rows that match the query of the key table.

Each query has a generation. Messages about any but the newest are void, and the window ends work on them.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from sloth_tui.errors import SlothError
from sloth_tui.model import Query
from sloth_tui.store import open_store
from sloth_tui.threads import Thread
from sloth_tui.tui.messages import KeyLocated, RowsChanged, RowsIndexed, StoreFailed, ThreadDied
from sloth_tui.tui.services.page_reader import PageReader
from sloth_tui.tui.services.row_lookups import RowLookups

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.message import Message

    from sloth_tui.model import Row
    from sloth_tui.store.port import Window

_FIRST_ROWS = 120
"""Rows that come with the first RowsIndexed: two screens, which saves a request."""
_DRAW_PAUSE_SECONDS = 0.02
"""How long the search for further rows then waits, so that the thread that draws the first ones has the
interpreter to itself."""
_UPDATE_COST_FACTOR = 3.0
"""After an update that took t seconds, the next waits this many t."""


class Rows:
    """Answers queries. Its methods may be called from any thread and return at once."""

    def __init__(
        self, post: Callable[[Message], object], failed: Callable[[], object] = lambda: None
    ) -> None:
        """``failed`` is called after StoreFailed was posted, on another thread."""
        self._post = post
        self._failed = failed
        self._wake = threading.Condition()
        self._agent = ""
        self._query = Query()
        self._generation = 0
        self._cursor: tuple[str | None, bool] = (None, False)
        self._sought: str | None = None
        self.lookups = RowLookups(self._wake)
        self._reveals = False
        self._changed = False
        self._folded = False
        """True if nodes were opened or closed, which is shown at once."""
        self._afresh = False
        self._stopping = False
        # From here on only the thread itself writes.
        self._window: Window | None = None
        self._window_agent = ""
        self._answered = 0
        self.newest: RowsIndexed | None = None
        """The last RowsIndexed posted."""
        self._not_before = 0.0
        self._thread = Thread(self._run, "rows")
        self._pages = PageReader(post, self._window_of, self._page_failed)

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float = 2.0) -> None:
        with self._wake:
            self._stopping = True
            self._supersede()
        self._pages.stop()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def show(self, agent: str, query: Query, *, afresh: bool = False) -> int:
        """Answer ``query`` from now on; return its generation. RowsIndexed follows, repeatedly for many rows,
        and RowsChanged after changes. ``afresh`` opens the store again."""
        with self._wake:
            self._agent, self._query = agent, query
            self._afresh |= afresh
            self._changed = False
            self._supersede()
            return self._generation

    def hide(self) -> None:
        """Answer nothing until :meth:`show`, and close the store."""
        with self._wake:
            self._agent, self._sought = "", None
            self._supersede()

    def update(self) -> None:
        """Bring the answer up to date after a change of the store."""
        with self._wake:
            self._changed = True
            self._wake.notify()

    def follow(self, key: str | None, *, node: bool = False) -> None:
        """Report the position of this key, or of the ``node`` with this prefix, in RowsChanged."""
        self._cursor = key, node

    def fold(self, prefix: str, *, opened: bool) -> None:
        """Open or close a node of the tree; RowsChanged follows."""
        with self._wake:
            if self._window is not None:
                self._window.fold(prefix, opened=opened)
                self._folded = True
                self._wake.notify()

    def find(self, key: str, *, reveal: bool = True) -> None:
        """Look a key up. KeyLocated follows once all rows of the newest query are found, including what was
        written just now. ``reveal`` opens the nodes around it; else a closed node stands for it. While
        hidden, nothing follows."""
        with self._wake:
            if self._agent:
                self._sought, self._reveals = key, reveal
                self._changed = True
                self._wake.notify()

    def load(self, generation: int, first: int, count: int) -> None:
        """PageLoaded follows, unless the generation is void."""
        self._pages.load(generation, first, count)

    def _supersede(self) -> None:
        self._generation += 1
        if self._window is not None:
            self._window.supersede(self._generation)
        self._wake.notify()

    def _window_of(self, generation: int) -> Window | None:
        return self._window if generation == self._generation else None

    def _page_failed(self, window: Window, error: SlothError) -> None:
        if window is self._window:
            self._fail(error)

    def _run(self) -> None:
        try:
            while self._wait():
                try:
                    self._turn()
                except SlothError as error:
                    self._fail(error)
        except Exception as error:  # noqa: BLE001  # a bug must end the app, not silence the screen
            self._post(ThreadDied(error))
        finally:
            self._let_go()

    def _wait(self) -> bool:
        """Wait for something to do; return False when the thread must end."""
        with self._wake:
            while not (self._stopping or self._answered != self._generation or self._is_asked()):
                rest = self._not_before - time.monotonic() if self._changed else None
                if rest is not None and rest <= 0:
                    break
                self._wake.wait(rest)
            return not self._stopping

    def _is_asked(self) -> bool:
        """True if a caller waits for something about the current answer."""
        return bool(self._sought or self.lookups.waiting or self._folded)

    def _turn(self) -> None:
        with self._wake:
            generation, query, agent = self._generation, self._query, self._agent
            changed, self._changed, self._folded = self._changed or self._folded, False, False
            revealed = self._sought if self._reveals else None
            afresh, self._afresh = self._afresh, False
        if revealed is not None and self._window is not None:
            self._window.reveal(revealed)
        if generation != self._answered:
            if afresh or agent != self._window_agent:
                self._let_go()
            if agent:
                self._index(agent, query, generation)
            self._answered = generation
        elif changed and self._window is not None:
            self._refresh(query, generation)
        self._tell_place(generation)
        self._answer_calls(generation)

    def _index(self, agent: str, query: Query, generation: int) -> None:
        if self._window is None:
            with open_store(agent, "read") as store:
                self._window, self._window_agent = store.window(), agent
            self._window.supersede(self._generation)
        rows: list[Row | None] | None = None
        for count, complete in self._window.index(query, generation):
            first = rows is None
            rows = (self._window.page(generation, 0, _FIRST_ROWS) or []) if first else []
            passing = self._window.passing
            self.newest = RowsIndexed(generation, count, rows, complete=complete, passing=passing)
            self._post(self.newest)
            if self._window.take_reordered() and not first:
                self._post(RowsChanged(generation, count, passing=passing))
            if first and not complete:
                self._give_way(generation)

    def _give_way(self, generation: int) -> None:
        """Let the first rows be drawn before the search goes on."""
        with self._wake:
            self._wake.wait_for(lambda: self._stopping or generation != self._generation, _DRAW_PAUSE_SECONDS)

    def _refresh(self, query: Query, generation: int) -> None:
        assert self._window is not None
        began = time.monotonic()
        for count, _ in self._window.index(query, generation):
            key, node = self._cursor
            place = None if key is None else self._window.position(key, node=node)
            passing = self._window.passing
            self._post(RowsChanged(generation, count, key, place, node=node, passing=passing))
        self._not_before = time.monotonic() + _UPDATE_COST_FACTOR * (time.monotonic() - began)

    def _tell_place(self, generation: int) -> None:
        with self._wake:
            if self._sought is None or generation != self._generation:
                return
            key, self._sought = self._sought, None
            agent, reveals = self._agent, self._reveals
        place = None if self._window is None else self._window.position(key)
        self._post(KeyLocated(agent, generation, key, place, reveals=reveals))

    def _answer_calls(self, generation: int) -> None:
        with self._wake:
            if generation != self._generation:
                return
            calls = self.lookups.take()
        for call in calls:
            call(self._window)

    def _fail(self, error: SlothError) -> None:
        """Give no answer until the next query."""
        self._answered = self._generation
        self._post(StoreFailed.by(self._window_agent or self._agent, error))
        self._failed()

    def _let_go(self) -> None:
        window, self._window, self._window_agent = self._window, None, ""
        if window is not None:
            window.close()
