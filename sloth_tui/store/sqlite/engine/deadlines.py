"""When the times to live of entries are over.

As the deadline of a lease, that of an entry is by a clock that cannot be set, and counts during the boot in
which it was written; after a reboot the wall clock decides. Where there is no boot id, because the machine
has none or several machines share the database, it decides from the start.
"""

from __future__ import annotations

from sloth_tui.store.clock import NANOSECONDS
from sloth_tui.store.sqlite.engine import MISFITS, UNREADABLE
from sloth_tui.store.sqlite.sql.rows import whole_or_none

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    from sloth_tui.errors import SlothError
    from sloth_tui.store.clock import Clock

    class Database(Protocol):
        """What is needed of :class:`sloth_tui.store.sqlite.engine.connection.OpenDatabase`."""

        execute: Callable[..., Any]
        data_version: Callable[[], int]
        untimed: int | None
        deadlines: Deadlines | None

        @property
        def clock(self) -> Clock: ...

        def one(self, statement: str) -> Any: ...

        def failure(self, error: Exception) -> SlothError: ...

        def forget_deadlines(self) -> None: ...


_IS_TIMED = "SELECT 1 FROM sloth_ttl LIMIT 1"
_NEXT = """SELECT (SELECT min(deadline) FROM sloth_ttl WHERE boot_id = ?1), (SELECT min(wall) FROM (
    SELECT min(wall) AS wall FROM sloth_ttl WHERE boot_id < ?1
    UNION ALL SELECT min(wall) AS wall FROM sloth_ttl WHERE boot_id > ?1))"""


class Deadlines:
    """The next deadlines, as of one version of a database."""

    __slots__ = ("_deadline", "_wall", "version")

    def __init__(self, database: Database) -> None:
        """Read them. Raises the driver's errors, and TypeError for what is damaged."""
        deadline, wall = database.execute(_NEXT, (database.clock.boot_id,)).get
        self.version = database.data_version()
        self._deadline = whole_or_none(deadline)
        """By the clock that cannot be set; None if no time to live was given in this boot."""
        self._wall = None if wall is None else float(wall)
        """By the wall clock; None unless a time to live was given in another boot."""

    @property
    def of_another_boot(self) -> bool:
        return self._wall is not None

    def passed(self, clock: Clock) -> bool:
        return self.remaining(clock) == 0

    def remaining(self, clock: Clock) -> float:
        """Return the seconds until the first of them; 0 if it has passed."""
        left = [] if self._deadline is None else [(self._deadline - steady(clock)) / NANOSECONDS]
        if self._wall is not None:
            left.append(self._wall - clock.wall())
        return max(min(left, default=0.0), 0.0)


def read_deadlines(database: Database) -> Deadlines | None:
    """Return the deadlines of the newest version; None if no entry has a time to live. Raises
    DatabaseUnusable."""
    database.forget_deadlines()
    if database.one(_IS_TIMED) is None:
        database.untimed = database.data_version()
        return None
    try:
        database.deadlines = Deadlines(database)
    except (*UNREADABLE, *MISFITS) as error:
        raise database.failure(error) from error
    return database.deadlines


def is_settled(database: Database, version: int) -> bool:
    """Return True if it is certain that no entry of this version is past its time to live."""
    deadlines = database.deadlines
    if deadlines is None or deadlines.version != version:
        deadlines = read_deadlines(database)
    if deadlines is None:
        return database.untimed == version
    return deadlines.version == version and not deadlines.passed(database.clock)


def without_expired(statement: str, clock: Clock) -> str:
    """Return a statement on ``FROM state WHERE ...``, without the entries whose time is over by now."""
    return statement.replace("FROM state WHERE ", f"FROM state WHERE key NOT IN ({overdue(clock)}) AND ")


def steady(clock: Clock) -> int:
    """Return the nanoseconds to which deadlines of this boot are compared."""
    return clock.now() if clock.boot_id else round(clock.wall() * NANOSECONDS)


def overdue(clock: Clock) -> str:
    """Return a statement for the keys whose time to live is over by now."""
    boot, now, wall = _quoted(clock.boot_id), steady(clock), clock.wall()
    return (
        f"SELECT key FROM sloth_ttl WHERE boot_id = {boot} AND deadline <= {now} "
        f"UNION ALL SELECT key FROM sloth_ttl WHERE boot_id < {boot} AND wall <= {wall!r} "
        f"UNION ALL SELECT key FROM sloth_ttl WHERE boot_id > {boot} AND wall <= {wall!r}"
    )


def remaining(clock: Clock, deadline: int, boot_id: str, wall: float) -> float:
    """Return the seconds that an entry has left, from the columns of its row; 0 if its time is over."""
    if boot_id == clock.boot_id:
        return max((deadline - steady(clock)) / NANOSECONDS, 0.0)
    return max(wall - clock.wall(), 0.0)


def deadline_at(clock: Clock, wall: float) -> tuple[int, str, float]:
    """Return the columns of a time to live that is over at a time of the wall clock."""
    return steady(clock) + round((wall - clock.wall()) * NANOSECONDS), clock.boot_id, wall


def expires_at(clock: Clock, deadline: int, boot_id: str, wall: float) -> float:
    """Return the time of the wall clock at which it is over, from these columns."""
    if boot_id == clock.boot_id:
        return clock.wall() + (deadline - steady(clock)) / NANOSECONDS
    return wall


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
