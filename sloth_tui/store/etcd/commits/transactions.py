"""The ``with`` block whose writes happen together: they are collected, and committed at its end."""

from __future__ import annotations

from sloth_tui.errors import DatabaseUnusable
from sloth_tui.store.etcd.commits import commit, gate
from sloth_tui.store.etcd.commits.looking import check_fences, look
from sloth_tui.store.etcd.data.batch import Stamp
from sloth_tui.store.etcd.data.overlay import Work
from sloth_tui.store.etcd.snapshots.blobs import Blobs
from sloth_tui.store.etcd.snapshots.releasing import forget, give_up
from sloth_tui.store.etcd.upkeep.retention import keep_within_limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

    from sloth_tui.store.etcd.session import Session


class Transaction:
    """A reusable, nestable ``with`` block. Fences are checked when it begins and when it commits."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def __enter__(self) -> None:
        session = self._session
        if session.work is None:
            passage = gate.enter(session)
            try:
                look(session, ())
                if session.is_due:
                    commit.expire(session, passage)
                head = session.head
                stamp = Stamp(session.now(), session.change or head.change + 1, b"")
                session.work = Work(passage, head.revision, stamp)
            except BaseException:
                gate.leave(session, passage)
                raise
        else:
            check_fences(session)
        session.work.begin()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        work = self._session.work
        assert work is not None
        if work.depth > 1:
            if error is None:
                work.end()
            else:
                work.roll_back()
            return
        self._session.work = None
        try:
            if error is None:
                self._finish(work)
        finally:
            gate.leave(self._session, work.passage)

    def _finish(self, work: Work) -> None:
        session = self._session
        if not work.writes:
            check_fences(session)
            for held, also in work.released:
                give_up(session, held, *also)
            return
        with Blobs(session) as blobs:
            if commit.attempt(session, work.writes, work.found, (), work.passage, blobs, work.released):
                for held, _ in work.released:
                    forget(session, held)
                keep_within_limits(session, [write.key for write in work.writes])
                return
        raise DatabaseUnusable(
            f"{session.location}: the turn to write ended before the transaction did",
            hint="nothing of it was written; the server was not reached for too long",
        )
