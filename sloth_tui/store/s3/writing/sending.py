"""Make and send a snapshot to the server, and find out what became of it where no answer comes."""

from __future__ import annotations

import time

from sloth_tui.errors import DatabaseUnusable, UsageError
from sloth_tui.store.s3.client.objects import PATIENCE_SECONDS, Lost, Unanswered
from sloth_tui.store.s3.copies import marks
from sloth_tui.store.sqlite.engine.snapshot import as_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.store.s3.client.objects import Bucket
    from sloth_tui.store.s3.copies.host_copy import HostCopy, Known
    from sloth_tui.store.s3.copies.marks import Connection

MIB = 1 << 20
MOST_BYTES = 256 * MIB
"""Bytes of a snapshot beyond which no change is accepted."""
_RESEND_SECONDS = 0.2


def snapshot_of(connection: Connection, location: str) -> bytes:
    """Return the snapshot of a private copy. Raises UsageError if it is too large."""
    data = as_bytes(connection)  # type: ignore[arg-type]
    if len(data) > MOST_BYTES:
        # What is deleted goes into the history before it leaves room: to delete must stay possible.
        connection.execute("PRAGMA incremental_vacuum").fetchall()
        data = as_bytes(connection)  # type: ignore[arg-type]
    if len(data) > MOST_BYTES:
        raise UsageError(
            f"{location}: the store would have {len(data) / MIB:.0f} MiB, and at most "
            f"{MOST_BYTES // MIB} MiB are possible: every change uploads all of it",
            hint="delete keys, change another one, then forget old history (state compact), or use etcd:// "
            "for a store of this size",
        )
    return data


class Sender:
    """Replaces the snapshot of one agent."""

    def __init__(self, bucket: Bucket, copy: HostCopy) -> None:
        self._bucket = bucket
        self._copy = copy

    def send(self, data: bytes, base: Known, before: bytes, commit: bytes) -> str | None:
        """Replace the snapshot ``base``, whose newest commit is ``before``, by one with another commit.

        Return its new ETag, or None if that it was replaced had to be found out: then others may have
        replaced it again. Raises Lost, NotWritable, DatabaseUnusable."""
        end, unknown = 0.0, None
        while True:
            try:
                return self._bucket.put(self._copy.remote, data, base.etag)
            except Unanswered as error:
                unknown = error.error
                end = end or time.monotonic() + PATIENCE_SECONDS
            except Lost:
                if self._took_effect(base, before, commit, doubtful=unknown is not None):
                    return None
                raise
            if self._took_effect(base, before, commit, doubtful=True):
                return None
            if self._copy.known().etag != base.etag:
                raise Lost
            if time.monotonic() > end:
                raise _unknown(unknown.message, unknown.hint)
            time.sleep(_RESEND_SECONDS)

    def _took_effect(self, base: Known, before: bytes, commit: bytes, *, doubtful: bool) -> bool:
        """Return True if a commit is in the newest snapshot, even below others. Raises DatabaseUnusable if
        that cannot be told, and it is ``doubtful`` that it is not."""
        self._copy.refresh()
        birth, commits = self._copy.read_marks()
        if marks.has(commits, commit):
            return True
        is_whole = not marks.is_full(commits) or marks.has(commits, before)
        if doubtful and not ((is_whole and birth in (base.birth, "")) or (base.etag is None and is_whole)):
            raise _unknown(f"{self._copy.location}: too many changes at once", None)
        return False


def _unknown(message: str, hint: str | None) -> DatabaseUnusable:
    return DatabaseUnusable(
        f"{message}: it is not known whether the change was made", hint=hint or "sloth-runner state log tells"
    )
