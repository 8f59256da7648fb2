"""The agents of a store on etcd, and operations on the whole of one: create, copy, back up, remove."""

from __future__ import annotations

import os
from functools import partial

from sloth_tui.agents import DEFAULT_AGENT, check_name
from sloth_tui.errors import Conflict, Refused
from sloth_tui.model import Agent, Pace
from sloth_tui.store.etcd.head import NONE, encode_head
from sloth_tui.store.etcd.messages import Compare, Delete, Put, Range, Txn, after
from sloth_tui.store.etcd.records import FORMAT
from sloth_tui.store.etcd.settled import read_settled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from sloth_tui.store.etcd.session import Session

    Progress: TypeAlias = Callable[[int, int], object]

_PACE = Pace(token=0.1, listing=2.0, retry=1.0)
"""The token is local: a watch counts for it. A listing is two or three requests."""
_COPY_KEYS = 100
"""Keys that a copy reads and writes at once."""
_MAKING_SECONDS = 10
"""How long the name of a copy stays taken whose maker has died."""


class EtcdAgents:
    """See :class:`sloth_tui.store.port.Agents`."""

    __slots__ = ("_counts", "_open", "_session_of_list")

    def __init__(self, open_session: Callable[[str], Session]) -> None:
        """``open_session`` opens a writable session for an agent."""
        self._open = open_session
        self._session_of_list: Session | None = None
        self._counts: dict[str, tuple[int, int, float | None]] = {}
        """Agent -> the server's revision of its head, and then its number of keys and the time of its last change."""

    @property
    def pace(self) -> Pace:
        return _PACE

    @property
    def backups(self) -> str:
        from sloth_tui.store.sqlite import backup_directory

        return backup_directory()

    def names(self) -> list[str]:
        session = self._session
        prefix = session.address.prefix + b"agents/"
        found = session.range(Range(prefix, after(prefix), keys_only=True)).kvs
        return sorted({DEFAULT_AGENT, *(kept.key[len(prefix) :].decode() for kept in found)})

    def known(self, name: str) -> bool:
        check_name(name)
        return bool(self._session.range(Range(self._mark(name), count_only=True)).count)

    def warning(self, name: str) -> str | None:
        return warning_of(self._session)

    def discover(self) -> list[Agent]:
        return [self.look_at(name) for name in self.names()]

    def look_at(self, name: str) -> Agent:
        session = self._session.for_agent(check_name(name))
        layout = session.layout
        head, mark, locks = session.read(
            Range(layout.head),
            Range(layout.mark, count_only=True),
            Range(layout.locks, after(layout.locks), count_only=True),
        )
        keys, modified = self._count(session, head) if head.kvs else (0, None)
        return Agent(name, session.location, bool(mark.count), None, modified, keys, locks.count)

    def listing(self) -> object:
        return self.names()

    def identity(self, name: str) -> object:
        return None

    def state(self, name: str) -> object:
        return None

    def create(self, name: str) -> str:
        session = self._open(check_name(name))
        with session:
            request = Txn(
                [Compare(session.layout.mark, "create", 0), Compare(session.layout.head, "create", 0)],
                [
                    Put(session.layout.mark, b"%d %d\n" % (FORMAT, session.now())),
                    Put(session.layout.head, encode_head(NONE)),
                ],
            )
            if not session.patiently(partial(session.channel.txn, request), writing=True).succeeded:
                raise _exists(name)
            return session.location

    def duplicate(self, name: str, copy: str, progress: Progress | None = None) -> str:
        self._require(name)
        with self._open(name) as source, self._open(check_name(copy)) as target:
            _copy(source, target, progress)
            return target.location

    def back_up(self, name: str, progress: Progress | None = None) -> str:
        from sloth_tui.store.sqlite.agents import backup_path
        from sloth_tui.store.transfer import to_file

        self._require(name)
        path = backup_path(name)
        to_file(self._open_store(name), path, progress)
        return path

    def remove(self, name: str, progress: Progress | None = None) -> str:
        check_name(name)
        if name == DEFAULT_AGENT:
            raise Refused(f"{name} always exists", hint="its keys can be cleared")
        backup = self.back_up(name, progress)
        with self._open(name) as session:
            head = read_settled(session).answers[0]
            layout = session.layout
            request = Txn(
                [
                    Compare(layout.head, "mod", head.kvs[0].mod if head.kvs else 0),
                    Compare(layout.gate, "create", 0),
                ],
                [Delete(layout.base, after(layout.base)), Delete(layout.mark)],
            )
            if not session.patiently(partial(session.channel.txn, request), writing=True).succeeded:
                os.unlink(backup)
                raise Conflict(f"agent '{name}' was written to meanwhile", hint="nothing was removed")
        return backup
