"""The locks that were taken away from their holders."""

from __future__ import annotations

import json

from sloth_tui.store.etcd.client.messages import Put, Range, after
from sloth_tui.store.etcd.data.layout import NUMBER
from sloth_tui.store.etcd.data.records import foreign, name_of
from sloth_tui.store.etcd.snapshots.settled import read_settled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.model import LockBreak
    from sloth_tui.store.etcd.data.leases import Held
    from sloth_tui.store.etcd.session import Session


def record(session: Session, held: Held) -> Put:
    """Return what records that a lock is taken away by this handle's origin."""
    origin = session.origin_now()
    at = session.now()
    name = session.layout.breaks + NUMBER % at + NUMBER % held.token
    fields = {"name": held.name, "holder": held.holder, "token": held.token, "at": at, "origin": origin}
    return Put(name, json.dumps(fields, ensure_ascii=False, default=str).encode("utf-8", "backslashreplace"))


def newest(session: Session, limit: int) -> list[LockBreak]:
    """Return the most recent breaks, newest first."""
    from sloth_tui.model import LockBreak, Origin

    first = session.layout.breaks
    wanted = Range(first, after(first), limit, descending=True)
    found = read_settled(session, wanted).answers[1].kvs if limit > 0 else []
    breaks: list[LockBreak] = []
    for kept in found:
        try:
            made = json.loads(kept.value)
            who = Origin(*made["origin"])
            breaks.append(LockBreak(made["name"], made["holder"], made["token"], made["at"] / 1000, who))
        except (ValueError, KeyError, TypeError):
            raise foreign(name_of(kept.key)) from None
    return breaks
