"""Change sets: which exist, what they changed, and which this session made."""

from __future__ import annotations

import os
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import RevisionNotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Future

    from sloth_tui.model import ChangeSet, Origin, Revision, Step
    from sloth_tui.store.port import Store
    from sloth_tui.tui.services.reader import Reader

_OWN_SEARCH_LIMIT = 400
"""The last change set of this session is looked for among this many."""
_SCAN_LIMIT = 20_000
"""Revisions read at most to find those of one change set among others."""


class ChangeSetRevisions(NamedTuple):
    """The revisions of a change set."""

    change_set: ChangeSet
    revisions: list[Revision]
    """Oldest first."""
    complete: bool
    """False if there are, or may be, more."""


class ChangeSets:
    """The history of the agent on screen."""

    def __init__(self, reader: Reader, runs: Callable[[], Iterable[str]]) -> None:
        """``runs`` returns the ids of the runs this session started."""
        self._reader = reader
        self._runs = runs

    def last(self) -> Future[ChangeSet]:
        """Return the last change set of this session, else the last of all. Raises RevisionNotFound if there
        is none."""
        return self._reader.call(self._last)

    def is_own(self, origin: Origin | None) -> bool:
        """True if this session made a change of this origin."""
        if origin is None:
            return False
        is_this_process = origin.pid == os.getpid() and origin.host == os.uname().nodename
        return is_this_process or (origin.run is not None and origin.run in self._runs())

    def read(self, name: str, limit: int) -> Future[ChangeSetRevisions]:
        """Return up to ``limit`` revisions of a change set. Raises RevisionNotFound, HistoryPruned."""

        def collect(store: Store) -> ChangeSetRevisions:
            change_set = store.change_set(name)
            found: list[Revision] = []
            walked = 0
            for revision in store.revisions_since(change_set.first_revision - 1, limit=_SCAN_LIMIT):
                walked += 1
                if revision.revision > change_set.last_revision or len(found) > limit:
                    break
                if _belongs(revision, change_set):
                    found.append(revision)
            missed = walked == _SCAN_LIMIT and len(found) < change_set.revisions
            return ChangeSetRevisions(change_set, found[:limit], complete=not missed and len(found) <= limit)

        return self._reader.call(collect)

    def obstacles(self, change_set: ChangeSet, limit: int) -> Future[list[Step]]:
        """Return the first ``limit`` steps that cannot be undone, with their obstacles."""
        return self._reader.call(
            lambda store: list(
                islice((step for step in store.undo_steps(change_set) if step.obstacle), limit)
            )
        )

    def _last(self, store: Store) -> ChangeSet:
        newest: ChangeSet | None = None
        for change_set in islice(store.change_sets(), _OWN_SEARCH_LIMIT):
            if self.is_own(change_set.origin):
                return change_set
            newest = newest or change_set
        if newest is None:
            raise RevisionNotFound("nothing was ever changed")
        return newest


def _belongs(revision: Revision, change_set: ChangeSet) -> bool:
    """True if ``revision``, between the first and last of the change set, is part of it."""
    if change_set.origin is None:
        return revision.change_set_id is None
    if change_set.origin.run is not None and revision.origin is not None:
        return revision.origin.run == change_set.origin.run
    return revision.change_set_id is not None and str(revision.change_set_id) == change_set.id
