"""Revisions: who wrote what.

A record holds the value that a change replaced. The new value is the one that the key's next record replaced,
or else the live value.
"""

from __future__ import annotations

from functools import partial
from itertools import islice

from sloth_tui.store.etcd.client.messages import Range
from sloth_tui.store.etcd.data.head import head_of
from sloth_tui.store.etcd.data.layout import OTHERS
from sloth_tui.store.etcd.data.records import ABSENT, HIDDEN, decode_kept, foreign
from sloth_tui.store.etcd.snapshots.settled import read_settled
from sloth_tui.store.etcd.upkeep import secrets
from sloth_tui.store.etcd.upkeep.forgetting import horizon
from sloth_tui.store.etcd.upkeep.moment import Selection, at_one_moment, form_of, old_form
from sloth_tui.store.history import words
from sloth_tui.values.codec import decode_key, key_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sloth_tui.model import Revision, Value
    from sloth_tui.store.etcd.data.records import ChangeRecord, Record
    from sloth_tui.store.etcd.session import Session
    from sloth_tui.store.etcd.upkeep.moment import Moment
    from sloth_tui.store.history.rules import Form

_PAGE_REVISIONS = 512


class History:
    """See :class:`sloth_tui.store.port.History`."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def revision(self) -> int:
        session = self._session
        return head_of(read_settled(session).answers[0], session.location).revision

    def revisions(self, key: str, *, limit: int | None = None) -> Iterator[Revision]:
        """See the port. Read in pages, each of one moment."""
        stored, before = key_bytes(key), None
        while stored and (limit is None or limit > 0):
            size = _size(limit)
            page, more = at_one_moment(
                self._session, partial(_page_of_key, key=stored, before=before, size=size)
            )
            yield from page
            if not more:
                return
            before = page[-1].revision
            limit = None if limit is None else limit - len(page)

    def revisions_since(
        self, since: int, *, prefix: str = "", limit: int | None = None
    ) -> Iterator[Revision]:
        """See the port. Read in pages, each of one moment."""
        selection = Selection(prefix)
        while limit is None or limit > 0:
            size = _size(limit)
            page = at_one_moment(self._session, partial(_page, selection=selection, since=since, size=size))
            yield from page
            if len(page) < _PAGE_REVISIONS:
                return
            since = page[-1].revision
            limit = None if limit is None else limit - len(page)

    def follow(self, since: int, *, prefix: str = "") -> list[Revision]:
        """See the port."""
        selection = Selection(prefix)

        def look(moment: Moment) -> list[Revision]:
            oldest = horizon(moment, selection, since)
            if oldest > since:
                raise words.changes_not_kept(since, oldest)
            return _page(moment, selection, since, _PAGE_REVISIONS)

        return at_one_moment(self._session, look)

    def prune(self, *, keep: int, keep_deleted_days: float) -> int:
        from sloth_tui.store.etcd.upkeep.pruning import prune

        return prune(self._session, max(keep, 1), keep_deleted_days)

    def compact(
        self, *, keep: int = 0, upto: int | None = None, progress: Callable[[int, int], None] | None = None
    ) -> int:
        """See the port. The server returns free space to the file system when its own history is compacted
        and it is defragmented; a cluster may serve others too, so that is left to its owner."""
        from sloth_tui.store.etcd.upkeep.pruning import compact

        return compact(self._session, max(keep, 0), upto, progress)


def _size(limit: int | None) -> int:
    return _PAGE_REVISIONS if limit is None else min(limit, _PAGE_REVISIONS)


def _page(moment: Moment, selection: Selection, since: int, size: int) -> list[Revision]:
    """Return the next revisions of the selected keys, oldest first."""
    return _told(moment, list(islice(moment.changes(selection, since), size)))


def _page_of_key(moment: Moment, key: bytes, before: int | None, size: int) -> tuple[list[Revision], bool]:
    """Return the next revisions of a key, newest first, and True if there are more."""
    revisions = moment.revisions_of(key)
    if before is not None:
        revisions = [revision for revision in revisions if revision < before]
    records = moment.records(revisions[-size:])
    return _told(moment, records)[::-1], len(revisions) > size


def _told(moment: Moment, records: Sequence[Record]) -> list[Revision]:
    """Return what these records, which are in the order of their revisions, tell."""
    became: dict[int, Form | None] = {}
    last: dict[bytes, Record] = {}
    for record in records:
        if record.key in last:
            became[last[record.key].revision] = old_form(record)
        last[record.key] = record
    changes = _look_up(moment, records, last, became)
    return [_revision(moment, record, became.get(record.revision), changes) for record in records]


def _look_up(
    moment: Moment,
    records: Sequence[Record],
    last: dict[bytes, Record],
    became: dict[int, Form | None],
) -> dict[int, ChangeRecord]:
    """Add what the last records of their keys made of them to ``became``; return the change sets."""
    changes = moment.change_records(record.change for record in records)
    wanted = {key: record.revision for key, record in last.items() if record.operation != "delete"}
    layout = moment.session.layout
    live = moment.read([Range(layout.entry(key)) for key in wanted])
    older: dict[bytes, int] = {}
    for (key, revision), answer in zip(wanted.items(), live, strict=True):
        kept = decode_kept(answer.kvs[0]) if answer.kvs else None
        if kept is not None and kept.revision == revision:
            became[revision] = form_of(kept)
        else:
            older[key] = revision
    for key, record in moment.next_of(older).items():
        if key not in older:
            raise foreign(f"revision {record.revision}")
        became[older[key]] = old_form(record)
    return changes


def _revision(
    moment: Moment, record: Record, became: Form | None, changes: dict[int, ChangeRecord]
) -> Revision:
    from sloth_tui.model import Revision

    change = changes.get(record.change)
    secret = record.old_kind == HIDDEN or secrets.is_secret(moment.session, record.key, moment.head)
    new: Value | None = None
    if record.operation != "delete" and not secret:
        new = moment.value(became)
    return Revision(
        revision=record.revision,
        key=decode_key(record.key),
        at=record.at / 1000,
        operation=record.operation,
        old=None if secret else moment.value(old_form(record)),
        new=new,
        origin=None if change is None or record.change >= OTHERS else change.origin,
        change_set_id=None if record.change >= OTHERS else record.change,
        secret=secret,
        created=record.old_kind == ABSENT,
    )
