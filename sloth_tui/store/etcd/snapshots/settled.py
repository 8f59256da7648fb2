"""Reading at a moment at which no commit is pending."""

from __future__ import annotations

from sloth_tui.store.etcd.client.messages import Range
from sloth_tui.store.etcd.data.head import head_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.store.etcd.session import Reading, Session


def read_settled(session: Session, *ranges: Range) -> Reading:
    """Read the head, and these ranges, at one moment at which no commit is pending; a pending one is
    completed first. Raises AgentNotFound if there is no store, but there must be one."""
    while True:
        reading = session.read_at(Range(session.layout.head), *ranges)
        found = reading.answers[0].kvs
        if found and found[0] == session.settled and found[0].mod >= session.head.mod:
            return reading  # most reads find the head as the one before did
        head = head_of(reading.answers[0], session.location)
        session.require_newer(head)
        if not head.mod and session.must_exist:
            from sloth_tui.store.etcd.registry import no_such_agent

            raise no_such_agent(session)
        if head.pending is None:
            session.settled = found[0] if found else None
            return reading
        # Imported here: hardly any read meets one.
        from sloth_tui.store.etcd.snapshots.staging import roll_forward

        roll_forward(session, head)
