"""Values too large for one request, in pieces.

A blob is written before the commit that refers to it, under a name drawn for it, and never changed.
"""

from __future__ import annotations

import os

from sloth_tui.store.etcd.messages import Put, Range, Txn, after

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.store.etcd.records import Kept
    from sloth_tui.store.etcd.session import Session

INLINE_BYTES = 256 * 1024
"""Largest stored form that stands in the entry itself."""
_PIECE_BYTES = 256 * 1024


def write(session: Session, stored: bytes) -> bytes:
    """Write a stored form in pieces; return the name of the blob."""
    name = os.urandom(8).hex().encode()
    for number, first in enumerate(range(0, len(stored), _PIECE_BYTES)):
        put = Put(session.layout.blob(name, number), stored[first : first + _PIECE_BYTES])
        session.patiently(
            lambda seconds, put=put: session.channel.txn(Txn((), (put,)), seconds),  # type: ignore[misc]
            writing=True,
        )
    return name


def stored_of(session: Session, kept: Kept) -> bytes:
    """Return the whole stored form of an entry."""
    return kept.stored if kept.blob is None else read(session, kept.blob)


def read(session: Session, name: bytes) -> bytes:
    prefix = session.layout.blobs + name + b"/"
    return b"".join(found.value for found in session.range(Range(prefix, after(prefix))).kvs)
