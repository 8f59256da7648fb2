"""Stage what a stream of parts says, as the keys of a store."""

from __future__ import annotations

from sloth_tui.store.etcd.data.head import Head
from sloth_tui.store.etcd.data.layout import NUMBER, OTHERS
from sloth_tui.store.etcd.data.records import (
    ABSENT,
    HIDDEN,
    INLINE_BYTES,
    ChangeRecord,
    Kept,
    Record,
    encode_change,
    encode_kept,
    encode_record,
)
from sloth_tui.store.etcd.snapshots import blobs, staging
from sloth_tui.store.parts import (
    SECRET,
    ForgottenOf,
    KeptChange,
    KeptEntry,
    KeptRevision,
    Outline,
    SecretKey,
)
from sloth_tui.values.codec import check_key, decode_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from sloth_tui.origin import Origin
    from sloth_tui.store.etcd.session import Session
    from sloth_tui.store.parts import Part

_ONE_GO_MS = 1000
"""Writes of other programs belong together that are at most so far apart."""


class Loading:
    """What is staged of one stream."""

    __slots__ = ("_burst", "_due", "_forgotten", "_mark", "_marks", "_outline", "_session", "_stage", "name")

    def __init__(self, session: Session, name: bytes, mark: bytes) -> None:
        """``name``: that of the commit; ``mark``: what the names of its blobs begin with."""
        self.name = name
        self._mark = mark
        self._session = session
        self._stage = staging.PutsStage(session, name)
        self._outline = Outline(0, 0, 0, 0, 0)
        self._marks = self._forgotten = self._due = 0
        self._burst: _Burst | None = None

    @property
    def steps(self) -> int:
        return self._stage.steps

    @property
    def head(self) -> Head:
        """The head of the store when all is in place."""
        return Head(0, self._outline.revision, self._outline.change, self._marks, None, self._due)

    def stage(self, parts: Iterable[Part]) -> None:
        for part in parts:
            self._add(part)
        self._end_burst()
        any_forgotten = max(self._forgotten, self._outline.gone)
        if any_forgotten:
            self._stage.put(self._session.layout.horizon, b"%d %d" % (self._outline.gone, any_forgotten))
        self._stage.flush()

    def _add(self, part: Part) -> None:
        layout, put = self._session.layout, self._stage.put
        if isinstance(part, KeptRevision):
            self._add_revision(part)
        elif isinstance(part, KeptEntry):
            put(layout.entry(part.key), encode_kept(self._kept(part)))
            if part.expires_at is not None:
                put(layout.ttl(part.expires_at, part.key), b"")
                self._due = min(self._due or part.expires_at, part.expires_at)
        elif isinstance(part, Outline):
            self._outline = part
        elif isinstance(part, KeptChange):
            self._add_change(
                ChangeRecord(part.number, part.at, part.first_revision, part.forgotten, part.origin),
                part.made,
                part.last_revision,
            )
        elif isinstance(part, ForgottenOf):
            self._forgotten = max(self._forgotten, part.revision)
            put(layout.forgotten + part.key, b"%d" % part.revision)
        elif isinstance(part, SecretKey):
            self._marks += 1
            put(layout.secrets + part.key, b"")
        else:
            self._marks += 1
            put(layout.patterns + part.pattern.encode("utf-8", "surrogateescape"), b"")

    def _kept(self, entry: KeptEntry) -> Kept:
        check_key(decode_key(entry.key))
        stored, blob = self._divided(entry.stored)
        return Kept(
            entry.kind,
            stored,
            entry.created_at or 0,
            entry.updated_at or 0,
            entry.revision or 0,
            entry.change or 0,
            len(entry.stored),
            blob,
            entry.expires_at or 0,
        )

    def _divided(self, stored: bytes) -> tuple[bytes, bytes | None]:
        """Return what stands in a record of these bytes, and the name of the blob that holds them if they are
        many."""
        if len(stored) <= INLINE_BYTES:
            return stored, None
        return b"", blobs.write(self._session, stored, self._mark)

    def _add_revision(self, revision: KeptRevision) -> None:
        change = revision.change
        if change is None:
            change = self._burst_of(revision)
        else:
            self._end_burst()
        kind = {None: ABSENT, SECRET: HIDDEN}.get(revision.kind, revision.kind)
        stored, blob = self._divided(revision.stored)
        there = revision.kind is not None
        record = Record(
            revision.revision,
            revision.key,
            revision.operation,
            revision.at,
            change,
            self.name,
            kind,
            stored,
            revision.created_at or 0,
            revision.updated_at or 0,
            (revision.previous or 0) if there else 0,
            len(revision.stored),
            blob,
        )
        layout = self._session.layout
        self._stage.put(layout.record(revision.revision), encode_record(record))
        self._stage.put(layout.chain(revision.key, revision.revision), b"")

    def _add_change(self, change: ChangeRecord, made: int, last: int) -> None:
        layout = self._session.layout
        self._stage.put(layout.change(change.number), encode_change(change))
        self._stage.put(layout.size(change.number), b"%d %d" % (made, last))
        if change.origin.run is not None:
            self._stage.put(layout.run_of(change.origin.run) + NUMBER % change.number, b"")

    def _burst_of(self, revision: KeptRevision) -> int:
        """Return the number of the change set of a write by another program."""
        burst = self._burst
        if (
            burst is None
            or revision.revision != burst.last + 1
            or abs(revision.at - burst.last_at) > _ONE_GO_MS
        ):
            self._end_burst()
            self._burst = burst = _Burst(revision.revision, revision.at)
        burst.last, burst.last_at = revision.revision, revision.at
        burst.at = min(burst.at, revision.at)
        return OTHERS + burst.first

    def _end_burst(self) -> None:
        burst, self._burst = self._burst, None
        if burst is not None:
            change = ChangeRecord(OTHERS + burst.first, burst.at, burst.first, 0, _nobody())
            self._add_change(change, burst.last - burst.first + 1, burst.last)


class _Burst:
    """Writes of other programs, each soon after the one before."""

    __slots__ = ("at", "first", "last", "last_at")

    def __init__(self, first: int, at: int) -> None:
        self.first = self.last = first
        self.at = self.last_at = at


def _nobody() -> Origin:
    from sloth_tui.origin import Origin

    return Origin("", "", 0, "", "")
