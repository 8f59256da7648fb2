"""The agents of a store on etcd, and operations on the whole of one: create, copy, back up, remove."""

from __future__ import annotations

import os
from collections import namedtuple
from functools import partial

from sloth_tui.agents import DEFAULT_AGENT, check_name
from sloth_tui.errors import AgentNotFound, Conflict, Refused
from sloth_tui.model import Agent, Pace
from sloth_tui.store.etcd.client.messages import Compare, Put, Range, Txn, after, flattened
from sloth_tui.store.etcd.data.head import NONE, encode_head, head_of
from sloth_tui.store.etcd.data.layout import Layout
from sloth_tui.store.etcd.data.records import FORMAT, decode_record
from sloth_tui.store.etcd.registry import marks_of, names_in, no_such_agent
from sloth_tui.store.etcd.snapshots.removing import remove
from sloth_tui.store.etcd.snapshots.settled import read_settled
from sloth_tui.store.etcd.snapshots.staging import roll_forward
from sloth_tui.store.etcd.store import EtcdStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Protocol, TypeAlias

    from sloth_tui.model import Check
    from sloth_tui.store.etcd.client.address import EtcdAddress
    from sloth_tui.store.etcd.data.head import Head
    from sloth_tui.store.etcd.session import Session

    class OpenSession(Protocol):
        """Opens a session for an agent."""

        def __call__(self, agent: str, *, read_only: bool) -> Session: ...

    Progress: TypeAlias = Callable[[int, int], object]

_PACE = Pace(token=0.1, listing=2.0, retry=1.0)
"""The token is local: a watch counts for it. A listing is two or three requests."""


class Figures(namedtuple("Figures", ("mod", "keys", "modified"))):
    """What is known of a store at one head."""

    __slots__ = ()

    mod: int
    """The server's revision of the head."""
    keys: int
    modified: float | None
    """Unix seconds of the last change; None if that is not known."""


class EtcdAgents:
    """See :class:`sloth_tui.store.port.Agents`."""

    __slots__ = ("_address", "_figures", "_open", "_session")

    def __init__(self, open_session: OpenSession, address: EtcdAddress) -> None:
        self._open = open_session
        self._address = address
        self._session: Session | None = None
        self._figures: dict[str, Figures] = {}

    @property
    def pace(self) -> Pace:
        return _PACE

    @property
    def backups(self) -> str:
        from sloth_tui.store.sqlite import backup_directory

        return backup_directory()

    def names(self) -> list[str]:
        session = self._listing
        return names_in(session, session.range(marks_of(session)))

    def known(self, name: str) -> bool:
        return bool(self._listing.range(Range(self._layout(name).mark, count_only=True)).count)

    def warning(self, name: str) -> str | None:
        return None

    def discover(self) -> list[Agent]:
        """See the port. One request for the names, one for their heads and locks, and a third one for the
        number of keys of those that were written since the last time."""
        return self._look_at(self.names())

    def look_at(self, name: str) -> Agent:
        return self._look_at([check_name(name)])[0]

    def listing(self) -> object:
        return None

    def identity(self, name: str) -> object:
        return None

    def state(self, name: str) -> object:
        return None

    def create(self, name: str) -> str:
        with self._open(check_name(name), read_only=False) as session:
            layout, mark = (
                session.layout,
                b"%d %d %b\n" % (FORMAT, session.now(), os.urandom(6).hex().encode()),
            )
            read_settled(session)  # perhaps a removal is under way
            request = Txn(
                [Compare(layout.mark, "create", 0), Compare(layout.head, "create", 0)],
                [Put(layout.mark, mark), Put(layout.head, encode_head(NONE))],
                [Range(layout.mark)],
            )
            answer = session.patiently(partial(session.channel.txn, request), writing=True)
            if not answer.succeeded:
                # A request that was not answered in time was sent twice.
                (found,) = flattened(answer.answers)
                if not found.kvs or found.kvs[0].value != mark:
                    raise _exists(name)
            return session.location

    def duplicate(self, name: str, copy: str, progress: Progress | None = None) -> str:
        """See the port, but for locks: those are leases of the processes that hold them."""
        from sloth_tui.store.transfer import fill

        self._require(name)
        if self.known(copy):
            raise _exists(copy)
        with (
            EtcdStore(self._open(name, read_only=True)) as source,
            EtcdStore(self._open(copy, read_only=False)) as target,
        ):
            fill(source, target, progress)
            return target.location

    def back_up(self, name: str, progress: Progress | None = None, target: str | None = None) -> str:
        from sloth_tui.store.sqlite.saving.names import backup_path

        self._require(name)
        target = target or backup_path(name)
        self._back_up(name, target, progress)
        return target

    def examine(self, name: str, *, full: bool = False, progress: Progress | None = None) -> list[Check]:
        from sloth_tui.store.etcd.checkup import examine

        if name != DEFAULT_AGENT:
            self._require(name)
        with self._open(name, read_only=True) as session:
            return examine(session)

    def remove(self, name: str, progress: Progress | None = None) -> str:
        from sloth_tui.store.sqlite.saving.automatic import before_removal
        from sloth_tui.store.sqlite.saving.names import discard

        if check_name(name) == DEFAULT_AGENT:
            raise Refused(f"{name} always exists", hint="its keys can be cleared")
        self._require(name)
        with self._open(name, read_only=False) as session:
            # What is written from here on is not in the backup.
            head = head_of(read_settled(session).answers[0], session.location)
            with before_removal(name) as backup:
                self._back_up(name, backup, _part_of(progress, 0))
                if remove(session, head, _part_of(progress, 1)):
                    return backup
                discard(backup)
                raise Conflict(f"agent '{name}' was written to meanwhile", hint="nothing was deleted")

    def _back_up(self, name: str, target: str, progress: Progress | None) -> None:
        from sloth_tui.store.transfer import back_up

        with EtcdStore(self._open(name, read_only=True)) as source:
            back_up(source, name, target, progress)

    def _require(self, name: str) -> None:
        """Raise AgentNotFound if the agent has no store."""
        if not self.known(name):
            raise self._no_such_agent(name)

    def _no_such_agent(self, name: str) -> AgentNotFound:
        with self._open(name, read_only=True) as session:
            return no_such_agent(session)

    @property
    def _listing(self) -> Session:
        """The session for questions about many agents; it is opened by the first one."""
        if self._session is None:
            self._session = self._open(DEFAULT_AGENT, read_only=True)
        return self._session

    def _layout(self, name: str) -> Layout:
        return Layout(self._address.prefix, check_name(name))

    def _look_at(self, names: Sequence[str]) -> list[Agent]:
        session = self._listing
        layouts = [self._layout(name) for name in names]
        answers = session.read(
            *(
                request
                for layout in layouts
                for request in (
                    Range(layout.head),
                    Range(layout.locks, after(layout.locks), count_only=True),
                )
            )
        )
        heads = {
            name: head_of(answer, session.location) for name, answer in zip(names, answers[::2], strict=True)
        }
        for name, head in heads.items():
            if head.pending is not None:
                heads[name] = self._settled(name, head)
        self._count({name: head for name, head in heads.items() if head.mod})
        return [
            self._agent(name, heads[name], locks.count)
            for name, locks in zip(names, answers[1::2], strict=True)
        ]

    def _settled(self, name: str, head: Head) -> Head:
        """Complete what was begun: if it is the removal of the agent, perhaps nobody opens that any more."""
        with self._open(name, read_only=True) as session:
            return roll_forward(session, head)

    def _agent(self, name: str, head: Head, locks: int) -> Agent:
        if not head.mod:
            return Agent(name, self._address.location, False, None, None, 0, locks)
        _, keys, modified = self._figures[name]
        return Agent(name, self._address.location, True, None, modified, keys, locks)

    def _count(self, heads: dict[str, Head]) -> None:
        """Learn the figures of these stores, as far as they changed since the last time."""
        changed = {
            name: head
            for name, head in heads.items()
            if name not in self._figures or self._figures[name].mod != head.mod
        }
        if not changed:
            return
        ranges: list[Range] = []
        for name, head in changed.items():
            layout = self._layout(name)
            ranges += [
                Range(layout.entries, after(layout.entries), count_only=True),
                Range(layout.record(head.revision)),
            ]
        answers = self._listing.read(*ranges)
        for (name, head), keys, newest in zip(changed.items(), answers[::2], answers[1::2], strict=True):
            modified = decode_record(head.revision, newest.kvs[0].value).at / 1000 if newest.kvs else None
            self._figures[name] = Figures(head.mod, keys.count, modified)


def _part_of(progress: Progress | None, number: int) -> Progress | None:
    """Return what reports the progress of one of two halves of the work."""
    return progress and (lambda done, total: progress(number * total + done, 2 * total))


def _exists(name: str) -> Conflict:
    return Conflict(f"agent '{name}' has a store already", hint="nothing was written")
