"""Fill an empty store from a stream of parts.

It is a commit like any other that is too large for one request: all of it is staged, where nobody looks, then one change
of the head makes it true, and then it is put in place. Whoever loads a store has its turn meanwhile, a key under a
lease: what a predecessor staged who gave up is removed by the next one.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from functools import partial
from time import monotonic, sleep

from sloth_tui.errors import Conflict, SlothError
from sloth_tui.store.etcd import blobs, commit, staging
from sloth_tui.store.etcd.blobs import INLINE_BYTES
from sloth_tui.store.etcd.failures import Failed
from sloth_tui.store.etcd.head import NONE, Head, Pending, encode_head, head_of
from sloth_tui.store.etcd.layout import NUMBER, OTHERS
from sloth_tui.store.etcd.messages import Compare, Delete, Put, Range, Txn, after
from sloth_tui.store.etcd.records import (
    ABSENT,
    FORMAT,
    HIDDEN,
    ChangeRecord,
    Kept,
    Record,
    encode_change,
    encode_kept,
    encode_record,
)
from sloth_tui.store.etcd.settled import read_settled
from sloth_tui.store.parts import (
    SECRET,
    ForgottenOf,
    KeptChange,
    KeptEntry,
    KeptRevision,
    Outline,
    SecretKey,
    reported,
)
from sloth_tui.values.codec import check_key, decode_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sloth_tui.origin import Origin
    from sloth_tui.store.etcd.messages import Operation
    from sloth_tui.store.etcd.session import Session
    from sloth_tui.store.parts import Part

    Progress = Callable[[int, int], object]

TURN_SECONDS = 10
"""How long a store stays closed to others who would load it after its loader died."""
_WAIT_SECONDS = TURN_SECONDS + 5
_LOOK_EVERY_SECONDS = 0.1
_REVOKE_SECONDS = 1.0
_REMOVE_SECONDS = 60.0
_MARK = b"load-"
"""Names of commits and of blobs that load a store begin so; those of other commits are hexadecimal."""
_ONE_GO_MS = 1000
"""Writes of other programs belong together that are at most so far apart."""


def load(session: Session, parts: Iterable[Part], progress: Progress | None) -> None:
    """See :class:`sloth_tui.store.port.Moving`."""
    session.require_writable()
    with _turn(session) as turn:
        before = _require_empty(session)
        name = _MARK + os.urandom(6).hex().encode()
        loading = _Loading(session, name)
        try:
            loading.stage(reported(parts, None if progress is None else _half(progress)))
            head = _make_true(session, before, loading, turn)
        except BaseException:
            with suppress(SlothError):
                _remove_staged(session)
            raise
        try:
            _put_in_place(session, head, progress)
        except BaseException:
            with suppress(SlothError):
                _take_back(session, before, loading)
            raise


def _half(progress: Progress) -> Progress:
    """Staging is the first half of the work."""
    return lambda done, total: progress(done, 2 * total)


@contextmanager
def _turn(session: Session) -> Iterator[int]:
    """Have the turn to load the store during a ``with`` block; yields the create revision of its key. Raises Conflict
    if another process has it for too long."""
    lease = session.patiently(partial(session.channel.grant, TURN_SECONDS), writing=True).lease
    session.keeper.keep(lease)
    try:
        yield _take_turn(session, lease)
    finally:
        session.keeper.drop(lease)
        with suppress(Failed):
            session.channel.revoke(lease, _REVOKE_SECONDS)


def _take_turn(session: Session, lease: int) -> int:
    key = session.layout.turn
    request = Txn([Compare(key, "create", 0)], [Put(key, b"", lease)])
    began = monotonic()
    while True:
        session.patiently(partial(session.channel.txn, request), writing=True)
        found = session.range(Range(key)).kvs
        if found and found[0].lease == lease:
            return int(found[0].create)
        if monotonic() - began > _WAIT_SECONDS:
            raise Conflict(
                f"{session.location}: another process is filling the store of agent '{session.agent}'",
                hint="wait until it is done",
            )
        sleep(_LOOK_EVERY_SECONDS)


def _require_empty(session: Session) -> Head:
    """Remove what an earlier attempt left; return the head. Raises Conflict if the store is not empty."""
    layout = session.layout
    entries = layout.entries_between(b"", None)
    reading = read_settled(session, Range(*entries, limit=1, keys_only=True))
    head = head_of(reading.answers[0], session.location)
    _delete(session, _staged_of(session)[0])
    if head.revision or head.change or head.secrets or reading.answers[1].kvs:
        raise Conflict(
            f"{session.location}: agent '{session.agent}' has state already", hint="nothing was written"
        )
    _remove_staged(session)
    return head


def _make_true(session: Session, before: Head, loading: _Loading, turn: int) -> Head:
    layout = session.layout
    pending = Pending(loading.name, 0, loading.steps, 0) if loading.steps else None
    head = loading.head._replace(pending=pending)
    request = Txn(
        [
            Compare(layout.head, "mod", before.mod),
            Compare(layout.turn, "create", turn),
            *commit.guards(session, None),
        ],
        [
            Put(layout.head, encode_head(head)),
            Put(layout.mark, b"%d %d\n" % (FORMAT, session.now())),
            Delete(layout.turn),
        ],
    )
    done = session.patiently(partial(session.channel.txn, request), writing=True).succeeded
    now, staged = session.read(
        Range(layout.head), Range(*_staged_by(session, loading.name), limit=1, keys_only=True)
    )
    found = head_of(now, session.location)
    # Without an answer the request may have been sent twice, and somebody may have put all in place since.
    ours = found.pending is not None and found.pending.commit == loading.name
    if not done and not ours and (staged.kvs or not loading.steps):
        commit.check_fences(session)
        raise Conflict(
            f"{session.location}: agent '{session.agent}' was written to meanwhile", hint="nothing was copied"
        )
    return found


def _put_in_place(session: Session, head: Head, progress: Progress | None) -> None:
    pending = head.pending
    while pending is not None:
        if progress is not None:
            progress(pending.steps + pending.done, 2 * pending.steps)
        pending = staging.step_forward(session, pending).pending
    if progress is not None:
        progress(1, 1)


def _take_back(session: Session, before: Head, loading: _Loading) -> None:
    """Empty the store again, unless others have written to it."""
    layout = session.layout
    found = head_of(session.range(Range(layout.head)), session.location)
    if found._replace(mod=0, pending=None) != loading.head:
        return
    then: list[Operation] = [
        Delete(first, after(first))
        for first in (
            *(layout.entries, layout.records, layout.chains, layout.changes, layout.sizes, layout.runs),
            *(layout.secrets, layout.patterns, layout.forgotten, layout.stages, layout.blobs),
        )
    ]
    then += [Delete(layout.horizon)]
    then += (
        [Put(layout.head, encode_head(NONE))] if before.mod else [Delete(layout.head), Delete(layout.mark)]
    )
    request = Txn([Compare(layout.head, "mod", found.mod)], then)
    session.patiently(lambda _: session.channel.txn(request, _REMOVE_SECONDS), writing=True)


def _staged_of(session: Session) -> list[bytes]:
    """Return what the names begin with of what loading leaves behind: its stages, and its blobs."""
    return [session.layout.stages + _MARK, session.layout.blobs + _MARK]


def _staged_by(session: Session, name: bytes) -> tuple[bytes, bytes]:
    first = session.layout.stages + name + b"/"
    return first, after(first)


def _remove_staged(session: Session) -> None:
    _delete(session, *_staged_of(session))


def _delete(session: Session, *prefixes: bytes) -> None:
    request = Txn((), [Delete(prefix, after(prefix)) for prefix in prefixes])
    session.patiently(partial(session.channel.txn, request), writing=True)


class _Loading:
    """What is staged of one stream."""

    __slots__ = ("_burst", "_forgotten", "_marks", "_outline", "_session", "_stage", "name")

    def __init__(self, session: Session, name: bytes) -> None:
        self.name = name
        self._session = session
        self._stage = staging.PutsStage(session, name)
        self._outline = Outline(0, 0, 0, 0, 0)
        self._marks = self._forgotten = 0
        self._burst: _Burst | None = None

    @property
    def steps(self) -> int:
        return self._stage.steps

    @property
    def head(self) -> Head:
        """The head of the store when all is in place."""
        return Head(0, self._outline.revision, self._outline.change, self._marks, None)

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
        )

    def _divided(self, stored: bytes) -> tuple[bytes, bytes | None]:
        """Return what stands in a record of these bytes, and the name of the blob that holds them if they are many."""
        if len(stored) <= INLINE_BYTES:
            return stored, None
        return b"", blobs.write(self._session, stored, _MARK)

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
