"""Examine a store on etcd: the server, and what lies under the agent's prefix."""

from __future__ import annotations

from time import time

from sloth_tui.model import Check
from sloth_tui.store.etcd.client.messages import Range, after
from sloth_tui.store.etcd.data.head import head_of
from sloth_tui.store.etcd.data.records import decode_record, numbers
from sloth_tui.store.etcd.snapshots.begun import ABANDONED_MS
from sloth_tui.text import format_count, format_duration, format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.store.etcd.data.head import Head
    from sloth_tui.store.etcd.session import Session

_TOLERANCE_SECONDS = 5.0
_LARGE_SHARE = 0.5
"""Share of its file that a server may have free before it is worth a defragmentation."""
_LARGE_BYTES = 64 * 1024 * 1024


def examine(session: Session) -> list[Check]:
    """Return what was found. Raises DatabaseUnusable if the server does not answer."""
    return list(_examined(session))


def _examined(session: Session) -> Iterator[Check]:
    status = session.patiently(session.channel.status)
    yield Check("server", "ok", f"etcd {status.version} answers", None)
    if status.leader:
        yield Check("leader", "ok", "the member has one", None)
    else:
        yield Check("leader", "damage", "the member knows of no leader", "start the other members")
    if status.errors:
        hint = "compact and defragment, then etcdctl alarm disarm"
        yield Check("alarms", "damage", "; ".join(status.errors), hint)
    else:
        yield Check("alarms", "ok", "none: there is room within its quota", None)
    size = f"{format_size(status.size)} on disk, {format_size(status.used)} of it in use"
    if status.size > _LARGE_BYTES and status.used < _LARGE_SHARE * status.size:
        yield Check("size", "warning", size, "etcdctl defrag gives back the rest")
    else:
        yield Check("size", "ok", size, None)
    layout = session.layout
    answers = session.read(Range(layout.head), Range(layout.begun, after(layout.begun)))
    head = head_of(answers[0], session.location)
    yield _clock(session, head)
    if head.pending is None:
        yield Check("commits", "ok", "none is pending", None)
    else:
        steps = f"{head.pending.done:,} of {head.pending.steps:,} steps are done"
        yield Check(
            "commits", "warning", f"one is pending: {steps}", "the next command that reads completes it"
        )
    before = session.now() - ABANDONED_MS
    orphans = sum(numbers(found, 1)[0] < before for found in answers[1].kvs)
    if orphans:
        text = f"{format_count(orphans, 'write')} begun long ago and never finished"
        yield Check("orphans", "warning", text, "state compact removes what they left")
    else:
        yield Check("orphans", "ok", "nothing was left by writers that are gone", None)


def _clock(session: Session, head: Head) -> Check:
    found = session.range(Range(session.layout.record(head.revision))).kvs if head.revision else ()
    ahead = decode_record(head.revision, found[0].value).at / 1000 - time() if found else 0.0
    if ahead > _TOLERANCE_SECONDS:
        text = f"this machine's clock is {format_duration(ahead)} behind the newest change"
        return Check("clock", "warning", text, "set it: times of changes are not in their order until then")
    return Check("clock", "ok", "not behind the newest change", None)
