"""What the dock shows of the store: locks, figures, change sets. Read again whenever they may have changed;
what nobody looks at is read more rarely."""

from __future__ import annotations

import time
from itertools import islice
from typing import TYPE_CHECKING

from sloth_tui.tui.messages import LocksRead, LogRead, StatsRead, Survey, SurveyRead, WritesCounted
from sloth_tui.tui.services.subscription import RARE, STEADY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from textual.message import Message

    from sloth_tui.store.port import WindowedStore
    from sloth_tui.tui.services.reader import Reader

_LOG_PAGE = 200
"""Change sets that are read at first."""
_LOG_MOST = 5000
_GROUPS = 1000
"""First segments of keys that are counted."""
_STANDINGS = 5


class DockFigures:
    """Standing questions to the reader."""

    def __init__(self, reader: Reader, post: Callable[[Message], object]) -> None:
        self._reader = reader
        self._post = post
        self._tab = ""
        self._log_size = _LOG_PAGE
        self._begun = False

    def start(self, tab: str) -> None:
        """From now on LocksRead, LogRead, StatsRead and WritesCounted are posted, and SurveyRead while the
        figures are in sight."""
        self._tab, self._begun = tab, True
        self.reread_locks()
        self._reader.watch("writes", self._count_writes)
        for topic in ("log", "stats"):
            self._watch(topic)

    def look_at(self, tab: str) -> None:
        """This tab of the dock is in sight now, the one before is not any more."""
        before, self._tab = self._tab, tab
        if self._begun and before != tab:
            for topic in {before, tab} & {"log", "stats"}:
                self._watch(topic)

    def read_more_log(self) -> None:
        """The next LogRead tells of more change sets."""
        self._log_size = min(4 * self._log_size, _LOG_MOST)
        self._watch("log")

    def reread_locks(self) -> None:
        self._reader.watch("locks", self._read_locks)

    def _watch(self, topic: str) -> None:
        job = self._read_log if topic == "log" else self._read_stats
        self._reader.watch(topic, job, STEADY if topic == self._tab else RARE)
        if self._tab == "stats":
            self._reader.watch("survey", self._survey, STEADY)
        else:
            self._reader.unwatch("survey")

    def _count_writes(self, store: WindowedStore) -> None:
        self._post(WritesCounted(store.revision(), time.monotonic()))

    def _survey(self, store: WindowedStore) -> Iterator[None]:
        """In steps, between which more urgent questions are answered; what is known by then is told."""
        groups = list(islice(store.groups(), _GROUPS + 1))
        survey = Survey(groups[:_GROUPS], len(groups) <= _GROUPS, {})
        for order in ("largest", "newest", "oldest"):
            self._post(SurveyRead(survey))
            yield
            standings = {**survey.standings, order: store.standings(order, _STANDINGS)}
            survey = survey._replace(standings=standings)
        self._post(SurveyRead(survey))

    def _read_locks(self, store: WindowedStore) -> None:
        locks, at = store.locks(), time.monotonic()
        self._post(LocksRead(locks, at, next(iter(store.lock_breaks(1)), None)))

    def _read_stats(self, store: WindowedStore) -> None:
        self._post(StatsRead(store.stats()))

    def _read_log(self, store: WindowedStore) -> None:
        size = self._log_size
        changes = list(islice(store.change_sets(), size + 1))
        complete = len(changes) <= size
        self._post(LogRead(changes[:size], complete=complete, more=not complete and size < _LOG_MOST))
