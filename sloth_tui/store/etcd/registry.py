"""Which agents a store on etcd has: each has a mark, written with the first head of its store."""

from __future__ import annotations

from sloth_tui.agents import DEFAULT_AGENT
from sloth_tui.errors import AgentNotFound
from sloth_tui.store.etcd.client.messages import Range, after
from sloth_tui.store.etcd.data.records import foreign, name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.store.etcd.client.messages import RangeAnswer
    from sloth_tui.store.etcd.session import Session


def marks_of(session: Session) -> Range:
    """Return the range of the marks of all agents."""
    prefix = session.address.prefix + b"agents/"
    return Range(prefix, after(prefix), keys_only=True)


def names_in(session: Session, marks: RangeAnswer) -> list[str]:
    """Return the agents that have these marks, and the one that always exists, in order."""
    skip = len(session.address.prefix + b"agents/")
    return sorted({DEFAULT_AGENT, *(_agent(kv.key, skip) for kv in marks.kvs)})


def _agent(key: bytes, skip: int) -> str:
    try:
        return key[skip:].decode()
    except UnicodeDecodeError:
        raise foreign(name_of(key)) from None


def no_such_agent(session: Session) -> AgentNotFound:
    """Return the error for an agent without a store; its hint names the existing agents."""
    from sloth_tui.text import listed

    names = names_in(session, session.range(marks_of(session)))
    return AgentNotFound(f"agent '{session.agent}' has no store", hint="agents: " + listed(names))
