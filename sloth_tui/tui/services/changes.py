"""Change sets: which there are, what they changed, and which of them are ours."""

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

_LOOKED_AT = 400
"""Newest change sets among which the last one of this session is looked for."""
_WALKED = 20_000
"""Revisions that are looked at to find those of one change set among those of others."""


class Parts(NamedTuple):
    """What a change set did to keys."""

    change: ChangeSet
    revisions: list[Revision]
    """Oldest first."""
    complete: bool
    """False where there are more, or may be."""


class Changes:
    """The history of the agent on screen."""

    def __init__(self, reader: Reader, runs: Callable[[], Iterable[str]]) -> None:
        """``runs``: the ids of the runs this session started."""
        self._reader = reader
        self._runs = runs

    def last(self) -> Future[ChangeSet]:
        """The last change set of this session, or else the last of all. Raises RevisionNotFound where nothing
        was ever changed."""
        return self._reader.call(self._last)

    def mine(self, origin: Origin | None) -> bool:
        """Whether this session made it."""
        if origin is None:
            return False
        is_this_process = origin.pid == os.getpid() and origin.host == os.uname().nodename
        return is_this_process or (origin.run is not None and origin.run in self._runs())

    def parts(self, name: str, limit: int) -> Future[Parts]:
        """What a change set did, up to ``limit`` changes of keys. Raises RevisionNotFound, NotKept."""

        def read(store: Store) -> Parts:
            change = store.change_set(name)
            found: list[Revision] = []
            walked = 0
            for revision in store.changes(change.first_revision - 1, limit=_WALKED):
                walked += 1
                if revision.revision > change.last_revision or len(found) > limit:
                    break
                if _belongs(revision, change):
                    found.append(revision)
            missed = walked == _WALKED and len(found) < change.revisions
            return Parts(change, found[:limit], complete=not missed and len(found) <= limit)

        return self._reader.call(read)

    def blocked(self, change: ChangeSet, limit: int) -> Future[list[Step]]:
        """The first keys that stand in the way of taking it back, and why."""
        return self._reader.call(
            lambda store: list(islice((step for step in store.undo_steps(change) if step.obstacle), limit))
        )

    def _last(self, store: Store) -> ChangeSet:
        newest: ChangeSet | None = None
        for change in islice(store.change_sets(), _LOOKED_AT):
            if self.mine(change.origin):
                return change
            newest = newest or change
        if newest is None:
            raise RevisionNotFound("nothing was ever changed")
        return newest


def _belongs(revision: Revision, change: ChangeSet) -> bool:
    """Whether a change of a key, between the first and the last of ``change``, is part of it."""
    if change.origin is None:
        return revision.change is None
    if change.origin.run is not None and revision.origin is not None:
        return revision.origin.run == change.origin.run
    return revision.change is not None and str(revision.change) == change.id
