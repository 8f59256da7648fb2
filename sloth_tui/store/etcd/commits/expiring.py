"""Entries that are past their time to live: who notices first deletes them, in a commit like any other."""

from __future__ import annotations

from sloth_tui.store.etcd.client.failures import COMPACTED, Failed
from sloth_tui.store.etcd.client.messages import Range, after
from sloth_tui.store.etcd.commits.looking import look
from sloth_tui.store.etcd.data.batch import Write
from sloth_tui.store.etcd.data.layout import NUMBER, number_at_end
from sloth_tui.store.etcd.snapshots import walking

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from sloth_tui.store.etcd.client.messages import RangeAnswer
    from sloth_tui.store.etcd.data.batch import Found
    from sloth_tui.store.etcd.data.layout import Layout
    from sloth_tui.store.etcd.session import Session


class Overdue:
    """The entries past their time to live; see :class:`sloth_tui.store.etcd.commits.wanted.Wanted`."""

    __slots__ = ("due", "now")

    def __init__(self, session: Session) -> None:
        self.now = session.now()
        self.due: int | None = None
        """When the next one ends that is not yet over; 0 if there is none, None if it was not read yet."""

    def known(self, session: Session) -> Found | None:
        return None

    def read(self, session: Session) -> Found:
        while True:
            revision = look(session, ())
            try:
                return self._read(session, revision)
            except Failed as failed:
                if failed.kind != COMPACTED:
                    raise

    def again(self) -> Sequence[bytes]:
        return ()

    def decide(self, found: Found, revision: int) -> tuple[Sequence[Write], int]:
        """Delete those that are not over for another reason: written again, by a clock that is behind."""
        writes = [
            Write(key, "", None) for key, kept in found.items() if kept is not None and kept.is_over(self.now)
        ]
        return writes, len(writes)

    def _read(self, session: Session, revision: int) -> Found:
        low, middle, high = _bounds(session.layout, self.now)
        over, later = session.read(
            Range(low, middle, revision=revision, keys_only=True),
            Range(middle, high, 1, revision, keys_only=True),
        )
        self.due = _next(session.layout, later)
        keys = [session.layout.key_of_ttl(found.key) for found in over.kvs]
        return walking.find_at(session, keys, revision)


def overdue(session: Session, now: int) -> tuple[list[bytes], int]:
    """Return the keys of entries that are past their time to live, and not yet deleted; and when the next one
    ends (0: none)."""
    low, middle, high = _bounds(session.layout, now)
    over, later = session.read(Range(low, middle, keys_only=True), Range(middle, high, 1, keys_only=True))
    return [session.layout.key_of_ttl(found.key) for found in over.kvs], _next(session.layout, later)


def _next(layout: Layout, later: RangeAnswer) -> int:
    return number_at_end(later.kvs[0].key[: len(layout.ttls) + 16]) if later.kvs else 0


def _bounds(layout: Layout, now: int) -> tuple[bytes, bytes, bytes]:
    """Return where the marks begin, those that are later than now, and what is behind them all."""
    return layout.ttls, layout.ttls + NUMBER % (now + 1), after(layout.ttls)
