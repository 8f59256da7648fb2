"""Reading: from the copy on this machine, after a look whether it is still the newest snapshot."""

from __future__ import annotations

import time

from sloth_tui.errors import SlothError
from sloth_tui.store.clock import SharedClock
from sloth_tui.store.s3.copies import marks
from sloth_tui.store.sqlite import exposure
from sloth_tui.store.sqlite.engine.database import Database
from sloth_tui.store.sqlite.store import SqliteStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType
    from typing import Self, TypeVar

    from sloth_tui.model import (
        ChangeSet,
        Difference,
        Entry,
        KeyGroup,
        LockBreak,
        RankedEntry,
        Revision,
        Step,
        Value,
    )
    from sloth_tui.store.clock import Clock
    from sloth_tui.store.s3.copies.host_copy import HostCopy

    D = TypeVar("D")

POLL_SECONDS = 2.0
"""Seconds between two looks for changes of others, unless the settings say otherwise: each is a request."""
MIB = 1 << 20
WARN_BYTES = 16 * MIB
"""Bytes of a snapshot from which its size is worth a warning."""


class S3Reading:
    """What :class:`sloth_tui.store.port.Store` has to read with.

    An iterator reads from the snapshot of the moment it was created.
    """

    def __init__(self, agent: str, copy: HostCopy, clock: Clock, poll: float) -> None:
        self._agent = agent
        self._copy = copy
        self._poll = poll
        self._clock = SharedClock(clock)
        """By which entries live."""
        self._database = Database(copy.path, read_only=True, clock=self._clock, told=copy.told)
        self._local = SqliteStore(agent, self._database)
        self._looked_at = float("-inf")
        self._failure: SlothError | None = None
        self._locks_seen: object = None
        self._seen: object = None
        self._token = 0

    @property
    def agent(self) -> str:
        return self._agent

    @property
    def backend(self) -> str:
        return "s3"

    @property
    def location(self) -> str:
        return self._copy.location

    @property
    def read_only(self) -> bool:
        return True

    def warning(self) -> str | None:
        size = self._copy.known().size
        if size > WARN_BYTES:
            return (
                f"{self.location} has {size / MIB:.0f} MiB, and every change uploads all of it: "
                "sloth-runner state compact, or etcd:// for a store of this size"
            )
        return exposure(self._copy.path)

    def close(self) -> None:
        self._local.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def exists_at_all(self) -> bool:
        """Return True if the agent has a database."""
        return self._copy.known().etag is not None

    # Entries.

    def get(self, key: str, default: D | None = None) -> Value | D | None:
        return self._newest().get(key, default)

    def get_many(self, keys: Iterable[str]) -> dict[str, Value]:
        return self._newest().get_many(keys)

    def entry(self, key: str) -> Entry:
        return self._newest().entry(key)

    def exists(self, key: str) -> bool:
        return self._newest().exists(key)

    def keys(self, prefix: str = "") -> Iterator[str]:
        return self._newest().keys(prefix)

    def items(self, prefix: str = "") -> Iterator[tuple[str, Value]]:
        return self._newest().items(prefix)

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        return self._newest().entries(prefix)

    def count(self, prefix: str = "") -> int:
        return self._newest().count(prefix)

    def ttl(self, key: str) -> float | None:
        return self._newest().ttl(key)

    def next_expiry(self) -> float | None:
        return self._local.next_expiry()

    # History and the past.

    def lock_breaks(self, limit: int = 100) -> list[LockBreak]:
        return self._newest().lock_breaks(limit)

    def revision(self) -> int:
        return self._newest().revision()

    def revisions(self, key: str, *, limit: int | None = None) -> Iterator[Revision]:
        return self._newest().revisions(key, limit=limit)

    def revisions_since(
        self, since: int, *, prefix: str = "", limit: int | None = None
    ) -> Iterator[Revision]:
        return self._newest().revisions_since(since, prefix=prefix, limit=limit)

    def follow(self, since: int, *, prefix: str = "") -> list[Revision]:
        return self._newest().follow(since, prefix=prefix)

    def complete_since(self, prefix: str = "") -> int:
        return self._newest().complete_since(prefix)

    def revision_at(self, at: float) -> int:
        return self._newest().revision_at(at)

    def entries_at(self, revision: int, prefix: str = "") -> Iterator[Entry]:
        return self._newest().entries_at(revision, prefix)

    def entry_at(self, key: str, revision: int) -> Entry:
        return self._newest().entry_at(key, revision)

    def differences(self, one: int, other: int, prefix: str = "") -> Iterator[Difference]:
        return self._newest().differences(one, other, prefix)

    # Change sets.

    def change_sets(self, *, prefix: str = "") -> Iterator[ChangeSet]:
        return self._newest().change_sets(prefix=prefix)

    def change_set(self, name: str) -> ChangeSet:
        return self._newest().change_set(name)

    def newest_change_set(self) -> ChangeSet:
        return self._newest().newest_change_set()

    def undo_steps(self, change_set: ChangeSet) -> Iterator[Step]:
        return self._newest().undo_steps(change_set)

    def rollback_steps(self, revision: int, *, prefix: str = "", key: str | None = None) -> Iterator[Step]:
        return self._newest().rollback_steps(revision, prefix=prefix, key=key)

    # Overviews.

    def groups(self) -> Iterator[KeyGroup]:
        return self._newest().groups()

    def top_entries(self, order: str, limit: int) -> list[RankedEntry]:
        return self._newest().top_entries(order, limit)

    def problems(self) -> list[str]:
        return self._newest().problems()

    def change_token(self) -> int:
        """See the port. Asks the server once in so many seconds; in between, tells what is known."""
        now = time.monotonic()
        if now - self._looked_at >= self._poll:
            self._looked_at = now
            try:
                self._failure = None
                self._copy.refresh()
                self._locks_seen = self._copy.lock_etags()
            except SlothError as error:
                self._failure = error
        if self._failure is not None:
            raise self._failure
        self._local.change_token()  # notices a copy that became another file
        connection, known = self._database.connection, self._copy.known()
        seen = (marks.birth(connection) or known.etag, marks.changes(connection), self._locks_seen)
        if seen != self._seen:
            self._seen = seen
            self._token += 1
        return self._token

    def _newest(self) -> SqliteStore:
        """Return the store of the newest snapshot."""
        self._copy.refresh()
        self._local.change_token()  # notices a copy that became another file
        return self._local
