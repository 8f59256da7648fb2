"""Read the data of the dock: locks, figures, change sets. Each is read again after changes; what is not on
screen, less often."""

from __future__ import annotations

import time
from itertools import islice
from typing import TYPE_CHECKING

from sloth_tui.tui.messages import LocksRead, LogRead, Survey, SurveyRead, TabRead, WritesCounted
from sloth_tui.tui.services.subscription import HIDDEN, URGENT, VISIBLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from textual.message import Message

    from sloth_tui.model import Stats
    from sloth_tui.store.port import Store
    from sloth_tui.tui.services.reader import Reader

_FIRST_LOG_SIZE = 200
"""Change sets read at first."""
_MAX_LOG_SIZE = 5000
_GROUP_LIMIT = 1000
"""First segments of keys counted at most."""
_RANKED_LIMIT = 5


class DockFigures:
    """The dock's subscriptions to the reader."""

    def __init__(self, reader: Reader, post: Callable[[Message], object]) -> None:
        self._reader = reader
        self._post = post
        self._tab = ""
        self._log_size = _FIRST_LOG_SIZE
        self._begun = False

    def start(self, tab: str) -> None:
        """Post TabRead for each tab of ``READS``, and WritesCounted, from now on; SurveyRead while the
        figures are on screen."""
        self._tab, self._begun = tab, True
        self.reread_locks()
        self._reader.watch("writes", self._count_writes)
        for topic in READS:
            if topic not in _URGENT_TABS:
                self._watch(topic)

    def look_at(self, tab: str) -> None:
        """Note that the dock shows this tab now, in place of the previous one."""
        before, self._tab = self._tab, tab
        if self._begun and before != tab:
            for topic in {before, tab} & (READS.keys() - _URGENT_TABS):
                self._watch(topic)

    def read_more_log(self) -> None:
        """Read more change sets, from the next TabRead of the log on."""
        self._log_size = min(4 * self._log_size, _MAX_LOG_SIZE)
        self._watch("log")

    def reread_locks(self) -> None:
        self._ask("locks")

    def _ask(self, tab: str) -> None:
        read = READS[tab]

        def job(store: Store) -> None:
            self._post(TabRead(tab, read(store, self._log_size)))

        policy = URGENT if tab in _URGENT_TABS else VISIBLE if tab == self._tab else HIDDEN
        self._reader.watch(tab, job, policy)

    def _watch(self, tab: str) -> None:
        self._ask(tab)
        if self._tab == "stats":
            self._reader.watch("survey", self._survey, VISIBLE)
        else:
            self._reader.unwatch("survey")

    def _count_writes(self, store: Store) -> None:
        self._post(WritesCounted(store.revision(), time.monotonic()))

    def _survey(self, store: Store) -> Iterator[None]:
        """Survey the keys in steps, and post the result so far after each: more urgent subscriptions are
        answered between them."""
        groups = list(islice(store.groups(), _GROUP_LIMIT + 1))
        survey = Survey(groups[:_GROUP_LIMIT], len(groups) <= _GROUP_LIMIT, {})
        for order in ("largest", "newest", "oldest"):
            self._post(SurveyRead(survey))
            yield
            top_entries = {**survey.top_entries, order: store.top_entries(order, _RANKED_LIMIT)}
            survey = survey._replace(top_entries=top_entries)
        self._post(SurveyRead(survey))


def _read_locks(store: Store, _: int) -> LocksRead:
    locks, at = store.locks(), time.monotonic()
    return LocksRead(locks, at, next(iter(store.lock_breaks(1)), None))


def _read_log(store: Store, most: int) -> LogRead:
    change_sets = list(islice(store.change_sets(), most + 1))
    complete = len(change_sets) <= most
    return LogRead(change_sets[:most], complete=complete, more=not complete and most < _MAX_LOG_SIZE)


def _read_stats(store: Store, _: int) -> Stats:
    return store.stats()


READS: Mapping[str, Callable[[Store, int], object]] = {
    "locks": _read_locks,
    "log": _read_log,
    "stats": _read_stats,
}
"""Dock tab -> the function that reads it, given how many change sets to read; most urgent first."""
_URGENT_TABS = frozenset({"locks"})
"""Tabs that are read as soon as they may have changed, on screen or not."""
