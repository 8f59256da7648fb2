"""Changes: each is made to a private copy of the newest snapshot, which then replaces it.

If somebody else replaced the snapshot meanwhile, the copy is dropped, and the change is made again to the
new one. The body of a transaction cannot run twice: so a writer first takes the gate, a lock that no two
hold, and writes its token into the snapshot. That refuses whatever was on its way to the server just then,
and makes all others wait. Who creates the snapshot takes the gate, too.
"""

from __future__ import annotations

import time
from contextlib import contextmanager, nullcontext
from random import random

from sloth_tui.errors import DatabaseUnusable, NotWritable
from sloth_tui.store.s3.client.objects import Lost
from sloth_tui.store.s3.copies import marks
from sloth_tui.store.s3.copies.scratch import Scratch
from sloth_tui.store.s3.leases.gate import Gate
from sloth_tui.store.s3.probe import require_conditions
from sloth_tui.store.s3.writing.sending import Sender, snapshot_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeVar

    from sloth_tui.model import Origin
    from sloth_tui.settings import Settings
    from sloth_tui.store.s3.client.objects import Bucket
    from sloth_tui.store.s3.copies.host_copy import HostCopy, Known
    from sloth_tui.store.s3.leases.keeping import Keeper
    from sloth_tui.store.s3.leases.leases import Leases
    from sloth_tui.store.sqlite.engine.database import Database
    from sloth_tui.store.sqlite.store import SqliteStore

    T = TypeVar("T")

_PAUSE_SECONDS = 0.05


class Writer:
    """Makes the changes of one handle."""

    def __init__(
        self,
        bucket: Bucket,
        agent: str,
        copy: HostCopy,
        leases: Leases,
        keeper: Keeper,
        *,
        read_only: bool,
        origin: Origin | None,
        settings: Callable[[], Settings],
    ) -> None:
        self.read_only = read_only
        self.location = copy.location
        self.check_fences: Callable[[], None] = lambda: None
        """Raises LockLost unless all fences hold; their tokens: :attr:`fences`."""
        self.fences: dict[str, int] = {}
        self._bucket = bucket
        self._copy = copy
        self._sender = Sender(bucket, copy)
        self._gate = Gate(bucket.address.gate(agent), leases, keeper, copy.location)
        self._scratch = Scratch(agent, copy, leases.clock, origin, settings)
        self._depth = 0
        self._in_block = False
        """True from when a transaction has its turn until it has ended: its changes cannot be made again."""
        self._after: list[tuple[Callable[[], object], Callable[[], object]]] = []
        """What is to be done when the transaction under way ends well, and if it does not."""

    @property
    def is_in_block(self) -> bool:
        return self._depth > 0

    @property
    def store(self) -> SqliteStore:
        """The private copy, inside a transaction."""
        return self._scratch.store

    @property
    def database(self) -> Database:
        """The database of the private copy, while a change is made."""
        return self._scratch.database

    @property
    def size(self) -> int:
        """Bytes of the newest snapshot that is known."""
        return self._copy.known().size

    def require_conditions(self) -> None:
        """Make sure that the server keeps conditions. Raises NotWritable, DatabaseUnusable."""
        if self.read_only:
            raise NotWritable(f"{self.location}: read-only")
        require_conditions(self._bucket)

    def set_origin(self, origin: Origin) -> None:
        self._scratch.set_origin(origin)

    def origin(self) -> Origin:
        """Return the author of changes: the one that was set, or this process."""
        return self._scratch.origin()

    def write(self, change: Callable[[SqliteStore], T]) -> T:
        """Make a change and return its result. ``change`` may be called several times, each time on another
        copy. Raises LockLost, NotWritable, DatabaseUnusable, UsageError (too large)."""
        if self._depth:
            self._require_fences()
            return change(self._scratch.store)
        self.require_conditions()
        with self._copy.turn():
            self._require_fences()
            while True:
                base = self._copy.refresh()
                store = self._scratch.at(base)
                blocked = marks.gate(self._scratch.connection)
                if base.etag is None or (blocked and self._gate.is_held(blocked)):
                    with self._gate.held():
                        return self._attempt_until_done(change)
                try:
                    return self._attempt(store, base, change)
                except Lost:
                    time.sleep(_PAUSE_SECONDS * random())  # noqa: S311  # not for security

    @contextmanager
    def block(self) -> Iterator[None]:
        """A ``with`` block whose changes happen together or not at all. Blocks nest."""
        if self._depth:
            with self._nested():
                yield
            return
        self.require_conditions()
        with self._copy.turn(), self._gate.held() as token:
            self._require_fences()
            base = self._stamp(token)
            before = self._scratch.count()
            self._in_block = True
            try:
                with self._nested():
                    yield
                if self._scratch.count() != before:
                    self._finish(base)
                else:
                    self._require_fences()
            except BaseException:
                self._scratch.drop()
                self._undo_after(0)
                raise
            finally:
                self._in_block = False
            after, self._after = self._after, []
            for act, undo in after:
                undo()
                act()

    def after_block(self, act: Callable[[], object], undo: Callable[[], object]) -> None:
        """Call ``undo`` and then ``act`` when the transaction under way ends well; only ``undo`` if what
        follows is rolled back."""
        self._after.append((act, undo))

    def upkeep(self, change: Callable[[SqliteStore], T], *, fenced: bool = False) -> T:
        """Like :meth:`write`, for what may take long and must not be made twice: nobody else writes
        meanwhile. It checks fences only if it is to."""
        if self._depth:
            return change(self._scratch.store)
        self.require_conditions()
        with nullcontext() if fenced else self._unfenced(), self._copy.turn(), self._gate.held() as token:
            self._require_fences()
            base = self._stamp(token)
            self._in_block = True
            try:
                return self._attempt(self._scratch.store, base, change)
            finally:
                self._in_block = False

    def write_unfenced(self, change: Callable[[SqliteStore], T]) -> T:
        """Like :meth:`write`, without a look at the fences."""
        with self._unfenced():
            return self.write(change)

    def raise_floor(self, name: str, token: int) -> None:
        """Refuse every write under an older token of a lock from now on, also one on its way."""
        self.write_unfenced(lambda _: marks.raise_floor(self._scratch.connection, name, token))

    def interrupt(self) -> None:
        """Stop the query that another thread runs on the private copy."""
        if self._scratch.is_open:
            self._scratch.store.interrupt()

    def floor(self, name: str) -> int:
        """Return the newest token of a lock that the snapshot knows."""
        self._scratch.at(self._copy.refresh())
        return marks.floor(self._scratch.connection, name)

    def close(self) -> None:
        self._scratch.drop()

    @contextmanager
    def _unfenced(self) -> Iterator[None]:
        fences, check = self.fences, self.check_fences
        self.fences, self.check_fences = {}, lambda: None
        try:
            yield
        finally:
            self.fences, self.check_fences = fences, check

    @contextmanager
    def _nested(self) -> Iterator[None]:
        done = len(self._after)
        with self._scratch.store.transaction():
            self._depth += 1
            try:
                if self._depth > 1:
                    self._require_fences()
                yield
            except BaseException:
                self._undo_after(done)
                raise
            finally:
                self._depth -= 1

    def _undo_after(self, done: int) -> None:
        while len(self._after) > done:
            self._after.pop()[1]()

    def _attempt_until_done(self, change: Callable[[SqliteStore], T]) -> T:
        """Make a change with the gate held: whoever is in a transaction has left it, or lost it."""
        while True:
            base = self._copy.refresh()
            try:
                return self._attempt(self._scratch.at(base), base, change)
            except Lost:
                time.sleep(_PAUSE_SECONDS * random())  # noqa: S311  # not for security

    def _attempt(self, store: SqliteStore, base: Known, change: Callable[[SqliteStore], T]) -> T:
        """Make a change to the copy, and put it in the snapshot's place. Raises Lost."""
        before = self._scratch.count()
        try:
            result = change(store)
            if self._scratch.count() != before:
                self._scratch.sweep()
                self._finish(base)
        except BaseException:
            self._scratch.drop()
            raise
        return result

    def _stamp(self, token: int) -> Known:
        """Write the token of the gate into the snapshot; return what is known of that one. There may be none:
        nobody creates it without the gate."""
        while True:
            base = self._copy.refresh()
            self._scratch.at(base)
            if base.etag is None:
                return base
            try:
                known = self._put(base, token)
                self._scratch.at(known)
                if marks.gate(self._scratch.connection) == token:
                    return known
            except Lost:
                self._scratch.drop()

    def _finish(self, base: Known) -> None:
        self._require_fences()
        try:
            self._put(base, 0)
        except Lost:
            if not self._in_block:
                raise
            raise DatabaseUnusable(
                f"{self.location}: the transaction took too long, and others went on without it",
                hint="nothing of it was written",
            ) from None

    def _require_fences(self) -> None:
        self.check_fences()
        for name, token in self.fences.items():
            if self._scratch.is_open and marks.floor(self._scratch.connection, name) > token:
                from sloth_tui.store import lock_rules

                raise lock_rules.lost(name, lock_rules.NOBODY)

    def _put(self, base: Known, gate: int) -> Known:
        """Replace the snapshot by the copy. Raises Lost, UsageError (too large), NotWritable,
        DatabaseUnusable."""
        connection, commit = self._scratch.connection, marks.new_id()
        marks.set_gate(connection, gate)
        marks.sign(connection, commit, counts=not gate)
        data = snapshot_of(connection, self.location)
        etag = self._sender.send(data, base, self._scratch.base_commit, commit)
        if etag is None:
            self._scratch.drop()
            return self._copy.refresh()
        known = self._copy.installed(connection, base, etag, len(data))
        self._scratch.committed(known)
        return known
