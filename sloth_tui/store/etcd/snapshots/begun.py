"""What a commit writes before it is made: large values, and the stages of a large commit.

Each is noted before, and the request that makes the commit removes the note. A note that is left belongs to a
writer that died, or gave up without an answer; after a while what it names is removed. The commit compares
its note, so a writer that was only very slow never refers to what was removed."""

from __future__ import annotations

from collections import namedtuple
from functools import partial

from sloth_tui.store.etcd.client.messages import Compare, Delete, Put, Range, Txn, after
from sloth_tui.store.etcd.data.records import numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.store.etcd.client.messages import RangeAnswer
    from sloth_tui.store.etcd.session import Session

ABANDONED_MS = 3600 * 1000
"""Age of a note whose writer counts as gone."""


class Note(namedtuple("Note", ("key", "create"))):
    """The note of what was begun."""

    __slots__ = ()

    key: bytes
    create: int

    @property
    def stands(self) -> Compare:
        """The condition that nobody removed what was begun."""
        return Compare(self.key, "create", self.create)


def begin(session: Session, name: bytes) -> Note:
    """Note that blobs whose names begin with ``name`` are about to be written, or the stages of the commit
    ``name``."""
    key = session.layout.begun + name
    request = Txn([Compare(key, "create", 0)], [Put(key, b"%d" % session.now())], [Range(key)])
    answer = session.patiently(partial(session.channel.txn, request), writing=True)
    if answer.succeeded:
        return Note(key, answer.revision)
    found: RangeAnswer = answer.answers[0]  # type: ignore[assignment]  # the only operation is a range
    return Note(key, found.kvs[0].create)  # an earlier request, whose answer was lost


def exists(session: Session, note: Note) -> bool:
    found = session.range(Range(note.key)).kvs
    return bool(found) and found[0].create == note.create


def removal(session: Session, key: bytes) -> list[Delete]:
    """Return what removes a note and what it is about."""
    layout = session.layout
    name = key[len(layout.begun) :]
    blobs, stages = layout.blobs + name, layout.stages + name + b"/"
    return [Delete(key), Delete(blobs, after(blobs)), Delete(stages, after(stages))]


def remove_abandoned(session: Session) -> None:
    """Remove what was begun long ago, and never finished."""
    layout = session.layout
    before = session.now() - ABANDONED_MS
    for found in session.range(Range(layout.begun, after(layout.begun))).kvs:
        if numbers(found, 1)[0] < before:
            request = Txn([Compare(found.key, "create", found.create)], removal(session, found.key))
            session.patiently(partial(session.channel.txn, request), writing=True)
