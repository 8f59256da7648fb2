"""The log of locks: a key for each acquisition, written with the change of the lock that it is about.

The token of an acquisition is the create revision of the lock's key, and so that of its key in the log, which
is made by the same transaction.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from functools import partial

from sloth_tui.errors import SlothError
from sloth_tui.store.etcd.client.failures import Failed
from sloth_tui.store.etcd.client.messages import Delete, Put, Range, Txn, after
from sloth_tui.store.etcd.data.layout import NUMBER
from sloth_tui.store.etcd.data.records import foreign, name_of
from sloth_tui.store.etcd.snapshots.settled import read_settled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from sloth_tui.model import Lock, LockUse
    from sloth_tui.store.etcd.client.messages import KeyValue
    from sloth_tui.store.etcd.data.leases import Held
    from sloth_tui.store.etcd.session import Session

RELEASED, BROKEN = "released", "broken"
_KEPT = 1000
_ONE_IN = 32
"""Acquisitions after which the oldest are forgotten: about every so many."""
_TRIM_SECONDS = 2.0


def begun(session: Session, at: float) -> tuple[str, list[Any], int]:
    """Return :attr:`Held.log` of a new acquisition; ``at``: unix seconds."""
    name = f"{(NUMBER % round(at * 1_000_000)).decode()}{os.urandom(6).hex()}"
    return name, list(session.origin_now()), 0


def renewed(log: tuple[str, list[Any], int] | None) -> tuple[str, list[Any], int] | None:
    return None if log is None else (log[0], log[1], log[2] + 1)


def entry(session: Session, held: Held, end: str | None = None) -> tuple[Put, ...]:
    """Return what writes an acquisition as it is now or, with ``end``, as this handle's origin ends it."""
    if held.log is None:
        return ()
    name, who, renewals = held.log
    acquired, last = held.at
    now = session.clock.wall()
    fields = {
        "name": held.name,
        "holder": held.holder,
        "at": acquired,
        "until": last + held.seconds,
        "ephemeral": held.ephemeral,
        "renewals": renewals,
        "renewed": last if renewals else None,
        "who": who,
        **({"ended": now, "end": end, "by": session.origin_now()} if end else {}),
    }
    line = json.dumps(fields, ensure_ascii=False, default=str).encode("utf-8", "backslashreplace")
    return (Put(session.layout.uses + name.encode(), line),)


def trim_now_and_then(session: Session) -> None:
    """Forget the oldest acquisitions, about every so many. If that fails, a later one does it."""
    if os.urandom(1)[0] % _ONE_IN:
        return
    first = session.layout.uses
    with suppress(Failed, SlothError):
        newest = session.range(Range(first, after(first), _KEPT, keys_only=True, descending=True)).kvs
        if len(newest) == _KEPT:
            request = Txn([], [Delete(first, newest[-1].key)])
            session.patiently(partial(session.channel.txn, request), writing=True)


def history(
    session: Session, held: Callable[[str], Lock | None], name: str | None, limit: int
) -> list[LockUse]:
    """See :class:`sloth_tui.store.port.Locks`."""
    from sloth_tui.store.lock_log import outcomes

    first = session.layout.uses
    found = read_settled(session, Range(first, after(first), _KEPT, descending=True)).answers[1].kvs
    uses = (use for use in map(_use, found) if name is None or use.name == name)
    return outcomes(uses, held, session.clock.wall(), limit)


def _use(kept: KeyValue) -> LockUse:
    from sloth_tui.model import LockUse, Origin

    try:
        made = json.loads(kept.value)
        by = made.get("by")
        return LockUse(
            name=made["name"],
            holder=made["holder"],
            token=kept.create,
            acquired_at=made["at"],
            until=made["until"],
            ephemeral=made["ephemeral"],
            renewals=made["renewals"],
            renewed_at=made["renewed"],
            ended_at=made.get("ended"),
            end=made.get("end"),
            origin=Origin(*made["who"]),
            ended_by=None if by is None else Origin(*by),
        )
    except (ValueError, KeyError, TypeError):
        raise foreign(name_of(kept.key)) from None
