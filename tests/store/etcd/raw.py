"""What lies on the server, as ``etcdctl`` shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.store.etcd.client.messages import Put, Range, Txn, after

if TYPE_CHECKING:
    from sloth_tui.store.etcd.store import EtcdStore


def names(store: EtcdStore, folder: str) -> list[bytes]:
    """The names below ``r/``, ``b/`` and the like, without what all of a store have in common."""
    session = store._session
    first = session.layout.base + folder.encode()
    return [kv.key[len(first) :] for kv in session.range(Range(first, after(first))).kvs]


def everything(store: EtcdStore, folder: str = "") -> bytes:
    """All values below a folder, one after the other."""
    session = store._session
    first = session.layout.base + folder.encode()
    return b"\n".join(kv.value for kv in session.range(Range(first, after(first))).kvs)


def put(store: EtcdStore, name: bytes, value: bytes) -> None:
    session = store._session
    session.channel.txn(Txn((), (Put(session.layout.base + name, value),)), 5.0)


def compact(store: EtcdStore) -> None:
    """Have the server forget what it had before now."""
    session = store._session
    revision = session.range(Range(session.layout.head)).revision
    request = b"\x08"
    while revision > 127:
        request += bytes((revision & 127 | 128,))
        revision >>= 7
    session.channel._call("KV/Compact", request + bytes((revision,)), bytes, 5.0)  # type: ignore[attr-defined]
