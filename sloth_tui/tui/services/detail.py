"""Read the history of one key, and change one entry, for the detail pane."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import Conflict, KeyNotFound
from sloth_tui.tui.messages import HistoryRead
from sloth_tui.values.codec import check_key, same

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from textual.message import Message

    from sloth_tui.model import Entry, Revision, Value
    from sloth_tui.store.port import Store
    from sloth_tui.tui.services.reader import Reader
    from sloth_tui.tui.services.writer import Writer

TOPIC = "history"
_READ_STEPS = (1, 8, 64, 200)
"""Numbers of revisions to read, in steps: their values are read with them."""
_MAX_CHARACTERS = 8 * 1024 * 1024
"""Approximate total of the values after which no more revisions are read."""


class Attempt(NamedTuple):
    """The result of setting a value."""

    saved: bool
    """True if the entry has the value now."""
    now: Entry | None = None
    """The entry in its place if it was not saved; None: the key is absent."""
    last: Revision | None = None
    """The revision that put it there, if known."""
    changed: bool = True
    """False if the entry had the value before."""
    limited: bool = False
    """True if it was given another time to live, or none any more."""


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
        """Follow a key's history: HistoryRead is posted now and whenever it may have changed. None: follow
        none. ``size``, the value's bytes, limits how many revisions are read."""
        if key is None:
            self._reader.unwatch(TOPIC)
            return

        def read(store: Store) -> None:
            revisions, more = read_newest(store, key, size)
            self._post(HistoryRead(key, revisions, more=more))

        self._reader.watch(TOPIC, read)

    def replace(
        self, key: str, before: Entry | None, value: Value, ttl: float | None = None
    ) -> Future[Attempt]:
        """Set ``key`` if its entry is still ``before`` (None: absent), or has this value already. ``ttl``:
        the seconds it then has to live, 0 for no end; None: what it has."""

        def write(store: Store) -> Attempt:
            with store.transaction():
                done = _set(store, key, before, value, ttl or None)
                if done and ttl == 0:
                    store.set_ttl(key, None)
            if done:
                changed = before is None or not same(before.value, value)
                return Attempt(True, changed=changed, limited=ttl is not None)
            last = next(iter(store.revisions(key, limit=1)), None)
            try:
                now = store.entry(key)
            except KeyNotFound:
                return Attempt(False, None, last)
            return Attempt(before is not None and same(now.value, value), now, last, changed=False)

        return self._writer.submit(self._agent(), f"set {key}", write)

    def limit(self, key: str, seconds: float | None) -> Future[None]:
        """Give an entry a time to live, or with None no end. Raises KeyNotFound, UsageError."""

        def write(store: Store) -> None:
            if not store.set_ttl(key, seconds):
                raise KeyNotFound(f"no key '{key}'")

        title = f"persist {key}" if seconds is None else f"expire {key} {seconds:g}"
        return self._writer.submit(self._agent(), title, write)

    def rename(self, before: Entry, key: str) -> Future[None]:
        """Rename an entry's key. Raises Conflict if the entry changed or the new key exists."""

        def write(store: Store) -> None:
            with store.transaction():
                _copy(store, before, key, ttl=store.ttl(before.key))
                store.delete(before.key)

        return self._writer.submit(self._agent(), f"rename {before.key} to {key}", write)

    def duplicate(self, before: Entry, key: str) -> Future[None]:
        """Copy an entry's value to another key. Raises as :meth:`rename`."""

        def write(store: Store) -> None:
            with store.transaction():
                _copy(store, before, key)

        return self._writer.submit(self._agent(), f"duplicate {before.key} as {key}", write)

    def restore(self, before: Entry, revision: int) -> Future[int]:
        """Restore an entry to a revision; return 0 if it is the same already. Raises Conflict if the entry
        changed, HistoryPruned, RevisionNotFound."""

        def write(store: Store) -> int:
            with store.transaction():
                _require(store, before)
                return store.rollback(revision, key=before.key)

        return self._writer.submit(self._agent(), f"rollback {before.key} --to {revision}", write)


def _set(store: Store, key: str, before: Entry | None, value: Value, ttl: float | None) -> bool:
    if before is None:
        return store.set_if_absent(key, value, ttl=ttl)
    if before.revision is None:
        return store.compare_and_set(key, before.value, value, ttl=ttl)
    return store.compare_and_set_revision(key, before.revision, value, ttl=ttl)


def _copy(store: Store, before: Entry, key: str, *, ttl: float | None = None) -> None:
    """Set the absent ``key`` to the value of an unchanged entry. Raises Conflict otherwise."""
    now = _require(store, before)
    check_key(key)
    last = next(iter(store.revisions(before.key, limit=1)), None)
    if store.exists(key):
        raise Conflict(f"there is a key '{key}' already", hint="nothing was changed; choose another name")
    if last is not None and last.secret:
        store.mark_secret(key)
    store.set(key, now.value, ttl=ttl)


def _require(store: Store, before: Entry) -> Entry:
    """Return the entry. Raises Conflict if it changed."""
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


def read_newest(store: Store, key: str, size: int) -> tuple[list[Revision], bool]:
    """Return the newest revisions of a key, as many as memory allows, and whether there are more."""
    found: list[Revision] = []
    for limit in _READ_STEPS:
        expected = max(size, sum(map(_weight, found)) // max(len(found), 1)) * limit
        if found and expected > _MAX_CHARACTERS:
            return found, True
        found = list(store.revisions(key, limit=limit))
        if len(found) < limit:
            return found, False
    return found, True


def _weight(revision: Revision) -> int:
    return sum(map(_length, (revision.old, revision.new)))


def _length(value: Value | None) -> int:
    return len(value) if isinstance(value, str | bytes) else len(repr(value))
