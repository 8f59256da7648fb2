"""The store at an earlier revision.

The value of a key at a revision is what its first record after that revision replaced; a key without such a
record still has the same value.
"""

from __future__ import annotations

from sloth_tui.store.etcd.client.messages import Range
from sloth_tui.store.etcd.data.layout import number_at_end
from sloth_tui.store.etcd.data.records import ABSENT, decode_record, seconds
from sloth_tui.store.etcd.upkeep.forgetting import forgotten_of, horizon
from sloth_tui.store.etcd.upkeep.moment import Selection, at_one_moment, form_of, old_form
from sloth_tui.store.history import words
from sloth_tui.store.history.rules import HIDDEN
from sloth_tui.values.codec import decode_key, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.model import Difference, Entry
    from sloth_tui.store.etcd.data.records import Kept, Record
    from sloth_tui.store.etcd.session import Session
    from sloth_tui.store.etcd.upkeep.moment import Moment
    from sloth_tui.store.history.rules import Form

_CLOSE = 64
"""Revisions among which a search by time looks for a kept one before it looks farther."""
_AMONG = 512
"""Revisions after the one that a search by time found, which may be older all the same: clocks of several
machines differ."""


class Past:
    """See :class:`sloth_tui.store.port.Past`."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def complete_since(self, prefix: str = "") -> int:
        return at_one_moment(self._session, lambda moment: horizon(moment, Selection(prefix)))

    def revision_at(self, at: float) -> int:
        def look(moment: Moment) -> int:
            found = _newest_until(moment, int(at * 1000))
            if found is None and (oldest := horizon(moment, Selection())):
                raise words.time_not_kept(oldest)
            return found or 0

        return at_one_moment(self._session, look)

    def entries_at(self, revision: int, prefix: str = "") -> Iterator[Entry]:
        selection = Selection(prefix)

        def look(moment: Moment) -> list[Entry]:
            require_kept(moment, revision, selection)
            return _entries_at(moment, revision, selection)

        return iter(at_one_moment(self._session, look))

    def entry_at(self, key: str, revision: int) -> Entry:
        selection = Selection(key=key)

        def look(moment: Moment) -> list[Entry]:
            require_kept_of(moment, key, revision)
            return _entries_at(moment, revision, selection)

        found = at_one_moment(self._session, look)
        if not found:
            raise words.no_key_then(key, revision)
        if found[0].type == HIDDEN:
            raise words.secret_then(key, revision)
        return found[0]

    def differences(self, one: int, other: int, prefix: str = "") -> Iterator[Difference]:
        selection = Selection(prefix)
        low, high = sorted((one, other))

        def look(moment: Moment) -> list[Difference]:
            require_kept(moment, low, selection)
            _require_known(moment, high)
            return _differences(moment, low, high, selection)

        found = at_one_moment(self._session, look)
        if one > other:
            found = [each._replace(old=each.new, new=each.old) for each in found]
        return iter(found)


def require_kept(moment: Moment, revision: int, selection: Selection) -> None:
    """Check that the history of these keys is kept from ``revision`` on. Raises RevisionNotFound,
    HistoryPruned."""
    _require_known(moment, revision)
    oldest = horizon(moment, selection, revision)
    if revision < oldest:
        raise words.state_not_kept(revision, oldest)


def require_kept_of(moment: Moment, key: str, revision: int) -> None:
    """Check the same for one key."""
    _require_known(moment, revision)
    selection = Selection(key=key)
    if revision < horizon(moment, selection, revision) and not _is_kept(moment, selection, revision):
        raise words.entry_not_kept(key, revision, horizon(moment, Selection()))


def _require_known(moment: Moment, revision: int) -> None:
    newest = moment.head.revision
    if revision > newest:
        raise words.no_revision_yet(revision, newest)


def _is_kept(moment: Moment, selection: Selection, revision: int) -> bool:
    """Return True if the key's value is known, although revisions of other keys, of which nothing is left,
    are forgotten."""
    if selection.low is None or revision < forgotten_of(moment, selection.low):
        return False
    kept = moment.revisions_of(selection.low)
    if not kept:
        return False
    oldest = moment.records(kept[:1])
    return kept[0] <= revision or (bool(oldest) and oldest[0].old_kind != ABSENT)


def _entries_at(moment: Moment, revision: int, selection: Selection) -> list[Entry]:
    begun: dict[bytes, Record] = {}
    for record in moment.changes(selection, revision):
        begun.setdefault(record.key, record)
    found = [(key, _live(moment, key, kept)) for key, kept in moment.walk(selection) if key not in begun]
    found += [(key, _earlier(moment, record)) for key, record in begun.items() if record.old_kind != ABSENT]
    return [entry for _, entry in sorted(found, key=lambda pair: pair[0])]


def _live(moment: Moment, key: bytes, kept: Kept) -> Entry:
    return _entry(moment, key, form_of(kept), kept.created, kept.updated, kept.revision, kept.size)


def _earlier(moment: Moment, record: Record) -> Entry:
    times = record.old_created, record.old_updated
    return _entry(moment, record.key, old_form(record), *times, record.old_revision, record.old_size)


def _entry(
    moment: Moment, key: bytes, form: Form | None, created: int, updated: int, revision: int, size: int
) -> Entry:
    from sloth_tui.model import Entry

    value = moment.value(form)
    assert form is not None
    assert value is not None
    kind = HIDDEN if form.kind == HIDDEN else type_name(value)
    return Entry(decode_key(key), value, kind, seconds(created), seconds(updated), revision or None, size)


def _differences(moment: Moment, low: int, high: int, selection: Selection) -> list[Difference]:
    from sloth_tui.model import Difference

    begun: dict[bytes, Record] = {}
    last: dict[bytes, int] = {}
    for record in moment.changes(selection, low, high):
        begun.setdefault(record.key, record)
        last[record.key] = record.revision
    later = moment.next_of(last)
    live = moment.entries([key for key in begun if key not in later])
    found: list[Difference] = []
    for key, record in sorted(begun.items()):
        old = old_form(record)
        new = old_form(later[key]) if key in later else form_of(live[key])
        if not moment.same(old, new):
            secret = HIDDEN in (old and old.kind, new and new.kind)
            found.append(Difference(decode_key(key), moment.value(old), moment.value(new), secret))
    return found


def _newest_until(moment: Moment, at: int) -> int | None:
    """Return the newest kept revision made at or before a time (unix milliseconds); None if there is none."""
    low, high = 1, moment.head.revision + 1  # what is found lies below high; all before low is early enough
    found: int | None = None
    while low < high:
        middle = (low + high) // 2
        record = _first_between(moment, middle, high)
        if record is None or record.at > at:
            high = middle
        else:
            found = record.revision
            low = found + 1
    for record in moment.records_between(low, min(low + _AMONG, moment.head.revision)):
        if record.at <= at:
            found = record.revision
    return found


def _first_between(moment: Moment, low: int, high: int) -> Record | None:
    """Return the first kept record from ``low`` up to, not including, ``high``."""
    layout = moment.session.layout
    for end in dict.fromkeys((min(low + _CLOSE, high), high)):
        # A far end costs the server a walk over the names between, but most revisions are kept.
        found = moment.range(Range(layout.record(low), layout.record(end), 1)).kvs
        if found:
            return decode_record(number_at_end(found[0].key), found[0].value)
    return None
