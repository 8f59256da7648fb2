"""All or nothing: BEGIN IMMEDIATE, and savepoints inside it."""

from __future__ import annotations

import apsw

from sloth_tui.errors import NotWritable
from sloth_tui.store.sqlite.engine.errors import translate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

    from sloth_tui.store.sqlite.engine.database import Database


class Transaction:
    """A reusable, nestable ``with`` block: what is written inside it happens together or not at all.

    ``fenced`` blocks check, inside the transaction, that every lock in ``database.fences`` is still held:
    when one is entered, and before the outermost one commits. Raises LockLost.
    """

    __slots__ = ("_database", "_fenced")

    def __init__(self, database: Database, *, fenced: bool) -> None:
        self._database = database
        self._fenced = fenced

    def __enter__(self) -> None:
        database = self._database
        database.drain_streams()
        try:
            if database.depth:
                self._require_open()
                database.execute(f"SAVEPOINT level{database.depth}")
            else:
                database.prepare_write()
                database.execute("BEGIN IMMEDIATE")
        except apsw.Error as error:
            raise translate(error, database.path) from error
        database.depth += 1
        if self._fenced and database.fences and database.depth > 1:
            try:
                self._check_fences()
            except BaseException:
                self._roll_back()
                raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            try:
                self._finish()
            except apsw.Error as failure:
                self._roll_back()
                raise translate(failure, self._database.path) from failure
            except BaseException:
                self._roll_back()
                raise
            return
        self._roll_back()
        if isinstance(error, apsw.Error):
            raise translate(error, self._database.path) from error

    def _finish(self) -> None:
        database = self._database
        database.drain_streams()
        self._require_open()
        if database.depth > 1:
            database.execute(f"RELEASE level{database.depth - 1}")
        else:
            if self._fenced and database.fences:
                self._check_fences()
            database.execute("COMMIT")
            database.made = None
        database.depth -= 1
        database.change_depth = min(database.change_depth, database.depth)

    def _roll_back(self) -> None:
        """Undo this block. SQLite may have rolled back everything by itself, on a full disk for example."""
        database = self._database
        database.depth -= 1
        if database.change_depth > database.depth:
            database.change = None
            database.change_depth = 0
        try:
            database.drain_streams()
        finally:
            _undo(database)

    def _require_open(self) -> None:
        if not self._database.connection.in_transaction:
            raise NotWritable(
                f"{self._database.path}: the transaction was rolled back after an error",
                hint="nothing of it was written",
            )

    def _check_fences(self) -> None:
        from sloth_tui.store.sqlite.locks.locks import check_fences

        check_fences(self._database, self._database.fences)


def _undo(database: Database) -> None:
    if not database.connection.in_transaction:
        return
    try:
        if database.depth:
            database.execute(f"ROLLBACK TO level{database.depth}")
            database.execute(f"RELEASE level{database.depth}")
        else:
            database.execute("ROLLBACK")
    except apsw.Error as error:
        raise translate(error, database.path) from error
