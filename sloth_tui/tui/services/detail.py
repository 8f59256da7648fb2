"""What the detail pane asks of the store: the history of one key, and changes of one entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import Conflict, KeyNotFound
from sloth_tui.store.values import check_key, same
from sloth_tui.tui.messages import HistoryRead

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from textual.message import Message

    from sloth_tui.model import Entry, Revision, Value
    from sloth_tui.store.port import Store, WindowedStore
    from sloth_tui.tui.services.reader import Reader
    from sloth_tui.tui.services.writer import Writer

TOPIC = "history"
_STEPS = (1, 8, 64, 200)
"""How many revisions are read, in steps: their values are read with them."""
_BUDGET = 8 * 1024 * 1024
"""Characters of values, about, beyond which no more revisions are read."""


class Attempt(NamedTuple):
    """What became of setting a value."""

    saved: bool
    """Whether it is there now."""
    now: Entry | None = None
    """What is there instead, where it was not saved; None: the key is absent."""
    last: Revision | None = None
    """The change that made it so, where that is known."""
    changed: bool = True
    """False where it was there already."""


class Detail:
    """Reads on the reader's thread, writes on the writer's. The futures of changes raise the errors of the
    store; NotWritable is raised at once."""

    def __init__(
        self, reader: Reader, writer: Writer, agent: Callable[[], str], post: Callable[[Message], object]
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._agent = agent
        self._post = post

    def show_history(self, key: str | None, size: int) -> None:
        """HistoryRead follows, now and whenever it may have changed; None: no more. ``size`` of the value,
        in bytes, says how many revisions can be afforded."""
        if key is None:
            self._reader.unwatch(TOPIC)
            return

        def read(store: WindowedStore) -> None:
            revisions, more = newest(store, key, size)
            self._post(HistoryRead(key, revisions, more=more))

        self._reader.watch(TOPIC, read)

    def replace(self, key: str, before: Entry | None, value: Value) -> Future[Attempt]:
        """Set ``key`` if its entry still is ``before`` (None: absent), or is this value already."""

        def write(store: Store) -> Attempt:
            if before is None:
                done = store.set_if_absent(key, value)
            elif before.revision is None:
                done = store.compare_and_set(key, before.value, value)
            else:
                done = store.compare_and_set_revision(key, before.revision, value)
            if done:
                return Attempt(True, changed=before is None or not same(before.value, value))
            last = next(iter(store.revisions(key, limit=1)), None)
            try:
                now = store.entry(key)
            except KeyNotFound:
                return Attempt(False, None, last)
            return Attempt(before is not None and same(now.value, value), now, last, changed=False)

        return self._writer.submit(self._agent(), f"set {key}", write)

    def rename(self, before: Entry, key: str) -> Future[None]:
        """Give an entry another key. Raises Conflict where it is not as it was, or the new key is there."""

        def write(store: Store) -> None:
            with store.transaction():
                _copy(store, before, key)
                store.delete(before.key)

        return self._writer.submit(self._agent(), f"rename {before.key} to {key}", write)

    def duplicate(self, before: Entry, key: str) -> Future[None]:
        """Give an entry's value to another key, too. Raises as :meth:`rename`."""

        def write(store: Store) -> None:
            with store.transaction():
                _copy(store, before, key)

        return self._writer.submit(self._agent(), f"duplicate {before.key} as {key}", write)

    def restore(self, before: Entry, revision: int) -> Future[int]:
        """Make an entry what it was at a revision; 0 where it is that already. Raises Conflict where it is
        not as it was, NotKept, RevisionNotFound."""

        def write(store: Store) -> int:
            with store.transaction():
                _require(store, before)
                return store.rollback(revision, key=before.key)

        return self._writer.submit(self._agent(), f"rollback {before.key} --to {revision}", write)


def _copy(store: Store, before: Entry, key: str) -> None:
    """Set ``key``, which must be absent, to what an entry, which must be as it was, holds."""
    now = _require(store, before)
    check_key(key)
    last = next(iter(store.revisions(before.key, limit=1)), None)
    if store.exists(key):
        raise Conflict(f"there is a key '{key}' already", hint="nothing was changed; choose another name")
    if last is not None and last.secret:
        store.mark_secret(key)
    store.set(key, now.value)


def _require(store: Store, before: Entry) -> Entry:
    """The entry, which must be as it was."""
    try:
        now = store.entry(before.key)
    except KeyNotFound:
        raise Conflict(f"'{before.key}' was deleted meanwhile", hint="nothing was changed") from None
    if now.revision != before.revision or not same(now.value, before.value):
        raise Conflict(
            f"'{before.key}' was changed by somebody else meanwhile",
            hint="nothing was changed; look at it and try again",
        )
    return now


def newest(store: Store, key: str, size: int) -> tuple[list[Revision], bool]:
    """The newest revisions of a key, as many as can be held with their values, and whether there are more."""
    found: list[Revision] = []
    for limit in _STEPS:
        expected = max(size, sum(map(_weight, found)) // max(len(found), 1)) * limit
        if found and expected > _BUDGET:
            return found, True
        found = list(store.revisions(key, limit=limit))
        if len(found) < limit:
            return found, False
    return found, True


def _weight(revision: Revision) -> int:
    return sum(map(_length, (revision.old, revision.new)))


def _length(value: Value | None) -> int:
    return len(value) if isinstance(value, str | bytes) else len(repr(value))
