"""Values too large for one request, in pieces.

A blob is written before the commit that refers to it, under a name drawn for it, and never changed.
"""

from __future__ import annotations

import os
from functools import partial

from sloth_tui.store.etcd.client.failures import Failed
from sloth_tui.store.etcd.client.messages import Delete, Put, Range, Txn, after
from sloth_tui.store.etcd.snapshots import begun

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from sloth_tui.store.etcd.data.records import Kept
    from sloth_tui.store.etcd.session import Session
    from sloth_tui.store.etcd.snapshots.begun import Note

_PIECE_BYTES = 256 * 1024
_REMOVE_SECONDS = 2.0


class Blobs:
    """The blobs of one commit, which are removed again if it is not made."""

    __slots__ = ("_names", "_session", "_unused", "note")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._names: dict[tuple[int, bytes], bytes] = {}
        self._unused: set[bytes] = set()
        self.note: Note | None = None
        """Says that they are being written; the commit removes it."""

    def name_of(self, place: int, stored: bytes) -> bytes:
        """Return the name of a blob with this content; it is written the first time. ``place``: which change
        of the commit it is for. Two changes never share a blob: it goes when the one value is forgotten."""
        name = self._names.get((place, stored))
        if name is None:
            if self.note is None:
                self.note = begun.begin(self._session, os.urandom(6).hex().encode())
            mark = self.note.key[len(self._session.layout.begun) :]
            name = self._names[place, stored] = write(self._session, stored, mark)
        self._unused.discard(name)
        return name

    def try_again(self) -> None:
        """Begin to name the blobs of another try to commit."""
        self._unused = set(self._names.values())

    def spare(self) -> list[Delete]:
        """Return what removes the blobs of earlier tries that this one does not use; the commit does it."""
        places = [self._session.layout.blobs + name + b"/" for name in self._unused]
        return [Delete(place, after(place)) for place in places]

    def keep(self) -> None:
        """The commit was made: its entries refer to the blobs."""
        self._names.clear()
        self.note = None

    def renew(self) -> None:
        """The commit was not made, but will be tried again: write them again if somebody removed them."""
        if self.note is not None and not begun.exists(self._session, self.note):
            self.keep()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.note is None:
            return
        request = Txn([self.note.stands], begun.removal(self._session, self.note.key))
        try:
            self._session.channel.txn(request, _REMOVE_SECONDS)
        except Failed:
            return  # it is removed when it is old enough


def stored_of(session: Session, kept: Kept, revision: int = 0) -> bytes:
    """Return the whole stored form of an entry, which was read at a revision of the server (0: just now)."""
    return kept.stored if kept.blob is None else read(session, kept.blob, revision)


def read(session: Session, name: bytes, revision: int = 0) -> bytes:
    """Return the content of a blob; empty if it was removed meanwhile."""
    prefix = session.layout.blobs + name + b"/"
    return b"".join(
        found.value for found in session.range(Range(prefix, after(prefix), revision=revision)).kvs
    )


def beginning_of(session: Session, kept: Kept, size: int) -> bytes:
    """Return at least the first ``size`` bytes of an entry's stored form, or all of it."""
    if kept.blob is None:
        return kept.stored
    pieces = session.range(Range(session.layout.blob(kept.blob, 0))).kvs
    return pieces[0].value[:size] if pieces else b""


def write(session: Session, stored: bytes, mark: bytes = b"") -> bytes:
    """Write a blob; return its name, which begins with ``mark``."""
    name = mark + os.urandom(8).hex().encode()
    for number, first in enumerate(range(0, len(stored), _PIECE_BYTES)):
        put = Put(session.layout.blob(name, number), stored[first : first + _PIECE_BYTES])
        request = Txn((), (put,))
        session.patiently(partial(session.channel.txn, request), writing=True)
    return name
