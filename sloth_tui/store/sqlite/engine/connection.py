"""One connection to one database file, for reading: opening, consistent reads, translated errors.

Until the database has our schema (there is no file yet, or another program created it), temporary objects
replace what is missing, and every read first checks whether another process has created or adopted it.
"""

from __future__ import annotations

import os
import time

import apsw

from sloth_tui.agents import status_of
from sloth_tui.errors import SlothError
from sloth_tui.store.sqlite import schema
from sloth_tui.store.sqlite.engine import MISFITS, UNREADABLE
from sloth_tui.store.sqlite.engine.opening import check_path, identity, open_as_it_is, signature

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any, Protocol, TypeAlias, TypeVar

    from sloth_tui.store.clock import Clock
    from sloth_tui.store.sqlite.engine.deadlines import Deadlines

    Bindings: TypeAlias = Sequence[Any] | Mapping[str, Any]
    S = TypeVar("S")
    T = TypeVar("T")

    class UnfinishedResult(Protocol):
        """A result that keeps a snapshot open."""

        def drain(self) -> None:
            """Read the rest into memory and release the snapshot."""

        def close(self) -> None:
            """Release the snapshot and discard the rest."""


_IS_TIMED = "SELECT 1 FROM sloth_ttl LIMIT 1"
NAMELESS = "the private copy"
"""What stands for the path of a copy of something that is no file."""


def as_it_is(error: SlothError) -> SlothError:
    return error


class OpenDatabase:
    """A connection, and the state of the file behind it.

    ``execute`` runs one statement and raises the driver's errors; :meth:`rows` and :meth:`one` raise ours.

    Whether entries that were read may be past their time to live is asked after each reading, and costs next
    to nothing while no entry has one: ``data_version`` tells which version of the database was read last.
    """

    __slots__ = (
        "_clock",
        "_file",
        "_looked_at",
        "_marks",
        "_place",
        "connection",
        "cursors",
        "data_version",
        "deadlines",
        "depth",
        "execute",
        "frozen",
        "kind",
        "openings",
        "path",
        "private",
        "told",
        "untimed",
    )

    execute: Callable[..., apsw.Cursor]
    data_version: Callable[[], int]
    untimed: int | None
    """A version in which no entry has a time to live; None: not known, or some have."""
    deadlines: Deadlines | None
    """The next deadlines of some version in which there are any; None: not known."""
    kind: str | None
    """The kind of the database, a constant of ``schema``; None if there is no file."""
    frozen: object
    """The signature of a frozen file; None for other files."""

    def __init__(
        self,
        path: str | None,
        *,
        private: bool = False,
        clock: Clock | None = None,
        told: Callable[[SlothError], SlothError] = as_it_is,
    ) -> None:
        """``path``: None, with ``private``, for a copy that is empty at first. ``told`` returns what to raise
        instead of an error about the file: its user may know it by another name."""
        self._place = path or ""
        self._clock = clock
        self.told = told
        self.private = private
        """True if the connection is to a copy, which only this handle has."""
        # SQLite treats a symbolic link anywhere in the path as a link to the database.
        self.path = (
            os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
            if path is not None
            else NAMELESS
        )
        check_path(self.path)
        self.depth = 0
        """Number of open transactions, one inside another."""
        self.openings = 0
        self.cursors: list[UnfinishedResult] = []
        self._attach()

    @property
    def read_only(self) -> bool:
        return True

    @property
    def clock(self) -> Clock:
        """The clock that measures locks and times to live: the machine's, unless another was passed in."""
        if self._clock is None:
            from sloth_tui.store.clock import SYSTEM_CLOCK

            self._clock = SYSTEM_CLOCK
        return self._clock

    def rows(self, statement: str, bindings: Bindings = ()) -> list[tuple[Any, ...]]:
        """Return all rows, read from one snapshot."""
        try:
            return self.execute(statement, bindings).fetchall()
        except UNREADABLE as error:
            raise self.failure(error) from error

    def number(self, statement: str, bindings: Bindings = ()) -> int:
        """Return the only column of the only row. Raises DatabaseUnusable if it is not an integer."""
        found = self.one(statement, bindings)
        if type(found) is not int:
            raise self.failure(TypeError(found))
        return found

    def made_of(
        self, make: Callable[[tuple[Any, ...]], T], statement: str, bindings: Bindings = ()
    ) -> list[T]:
        """Return the result of ``make`` for each row. Raises DatabaseUnusable if a row is damaged."""
        return self.convert(make, self.rows(statement, bindings))

    def convert(self, make: Callable[[S], T], rows: Iterable[S]) -> list[T]:
        """Like :meth:`made_of`, for rows that were already read."""
        try:
            return [make(row) for row in rows]
        except MISFITS as error:
            raise self.failure(error) from error

    def failure(self, error: Exception) -> SlothError:
        """Return the error to raise instead of one raised while the database was read."""
        from sloth_tui.store.sqlite.engine.errors import translate_error

        return self.told(translate_error(error, self.path, reading=self.read_only))

    def one(self, statement: str, bindings: Bindings = ()) -> Any:
        """Return the only column, or the tuple of columns, of the only row; None if there is no row."""
        try:
            return self.execute(statement, bindings).get
        except UNREADABLE as error:
            raise self.failure(error) from error

    def live(self, read: Callable[[str, Bindings], T], statement: str, bindings: Bindings = ()) -> T:
        """Return what ``read`` finds by a statement on ``FROM state WHERE ...``, without the entries whose
        time to live is over."""
        found = read(statement, bindings)
        if self.data_version() == self.untimed or self.is_settled():
            return found
        from sloth_tui.store.sqlite.engine.deadlines import without_expired

        return read(without_expired(statement, self.clock), bindings)

    def is_settled(self) -> bool:
        """Return True if it is certain that no entry of the version read last is past its time to live."""
        version = self.data_version()
        if self.deadlines is None and self.one(_IS_TIMED) is None:
            self.untimed = self.data_version()
            return self.untimed == version
        from sloth_tui.store.sqlite.engine.deadlines import is_settled

        return is_settled(self, version)

    def forget_deadlines(self) -> None:
        """Forget what is known of times to live: a transaction changed them, or was rolled back."""
        self.untimed = self.deadlines = None

    def change_token(self) -> int:
        """Return a value that changes when another connection commits or creates the database."""
        # Connection.data_version() would be cheaper, but it is stale until the connection next reads.
        self._follow_file()
        version: int = self.one("PRAGMA data_version")
        return self.openings << 32 | version

    def drain_cursors(self) -> None:
        """Read unfinished results to the end, so that later changes do not affect them."""
        for cursor in self.cursors:
            cursor.drain()
        self.cursors.clear()

    def refresh(self) -> None:
        """Notice that another process has created, adopted or changed the database where SQLite does not
        tell; cheap if nothing changed."""
        if self.kind is None:
            changed = status_of(self._place) is not None
        elif self.frozen is not None:
            changed = signature(self.path) != self.frozen
        elif self.kind is schema.CURRENT:
            return
        else:
            try:
                changed = schema.read_marks(self.connection) != self._marks
            except apsw.NotADBError:
                changed = True  # it was empty, and is encrypted now
        if changed:
            self._detach()
            self._attach()

    def is_current(self) -> bool:
        """Return True if the file is still the one that was opened."""
        self._looked_at = time.monotonic()
        return self.kind is None or self.private or identity(self.path) == self._file

    def close(self) -> None:
        for cursor in list(self.cursors):
            cursor.close()
        self.connection.close(True)

    def _attach(self) -> None:
        """Open the file as it is, or an empty database in memory if there is none."""
        try:
            self._open()
        except SlothError as error:
            if self.told is as_it_is:
                raise
            raise self.told(error) from error

    def _open(self) -> None:
        self.frozen = None
        file: tuple[int, int] | None = None
        if self.private:
            from sloth_tui.store.sqlite.engine.private_copy import open_empty, open_private_copy

            connection = open_private_copy(self.path) if self._place else open_empty(self.path)
            self.kind = schema.CURRENT
        elif status_of(self._place) is None:
            connection = apsw.Connection(":memory:")
            self.kind = None
        else:
            if status_of(self.path + ".new") is not None:
                from sloth_tui.store.sqlite.engine.undone import clear_left_over

                clear_left_over(self.path)
            # Seen before it is opened: a file that is replaced meanwhile must not be taken for the new one.
            file, before = identity(self.path), signature(self.path)
            connection, self.kind, frozen = open_as_it_is(self.path)
            self.frozen = before if frozen else None
        try:
            self._marks = schema.read_marks(connection)
            if self.kind is schema.OUTDATED:
                schema.stand_in(connection, self._marks[1])
            elif self.kind is not schema.CURRENT:
                from sloth_tui.store.sqlite.schema.tables import create_compat_views

                create_compat_views(connection)
            self._prepare(connection)
        except UNREADABLE as error:
            connection.close(True)
            raise self.failure(error) from error
        self._use(connection, file)

    def _prepare(self, connection: apsw.Connection) -> None:
        """Set up a new connection for its use."""
        connection.execute("PRAGMA query_only = 1")

    def _follow_file(self) -> None:
        """Reopen the file if it was removed or replaced: SQLite would write to the removed file."""
        if not self.is_current() and not self.depth:
            self._detach()
            self._attach()

    def _use(self, connection: apsw.Connection, file: tuple[int, int] | None) -> None:
        """Use a connection to this file, which :func:`identity` told."""
        self.connection = connection
        self._file = file
        self._looked_at = 0.0
        self.openings += 1
        self.data_version = connection.data_version
        self.forget_deadlines()
        is_told = self.kind is schema.CURRENT and self.frozen is None
        self.execute = connection.execute if is_told else self._execute_refreshed

    def _execute_refreshed(self, statement: str, bindings: Bindings = ()) -> apsw.Cursor:
        self.refresh()
        return self.connection.execute(statement, bindings)

    def _detach(self) -> None:
        self.drain_cursors()
        self.connection.close(True)
