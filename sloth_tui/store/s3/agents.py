"""The agents that have a database on S3, and operations on whole databases."""

from __future__ import annotations

from contextlib import contextmanager, suppress

from sloth_tui.agents import DEFAULT_AGENT, check_name
from sloth_tui.errors import (
    AgentNotFound,
    Conflict,
    InvalidAgentName,
    Refused,
    SlothError,
)
from sloth_tui.store.clock import SYSTEM_CLOCK
from sloth_tui.store.s3.client.objects import Lost
from sloth_tui.store.s3.copies import marks
from sloth_tui.store.s3.copies.host_copy import HostCopy
from sloth_tui.store.s3.copies.reading import POLL_SECONDS
from sloth_tui.store.s3.copies.scratch import Scratch
from sloth_tui.store.s3.leases.gate import Gate
from sloth_tui.store.s3.leases.keeping import Keeper
from sloth_tui.store.s3.leases.leases import Leases, new_nonce, put_settled
from sloth_tui.store.s3.probe import require_conditions
from sloth_tui.store.sqlite import backup_directory, exposure
from sloth_tui.store.sqlite.engine.snapshot import as_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from obstore import ObjectMeta

    from sloth_tui.model import Agent, Check, Pace
    from sloth_tui.store.s3.client.objects import Bucket
    from sloth_tui.store.s3.copies.marks import Connection
    from sloth_tui.store.s3.leases.leases import Lease

    Progress: TypeAlias = "Callable[[int, int], object]"

_SUFFIX = ".db"
_LISTING_FACTOR = 5
"""Times that a look at all agents is rarer than one at a store."""


class S3Agents:
    """See :class:`sloth_tui.store.port.Agents`."""

    def __init__(self, bucket: Bucket, poll: float = POLL_SECONDS) -> None:
        self._bucket = bucket
        self._poll = poll

    @property
    def pace(self) -> Pace | None:
        """See the port. Each look is a request."""
        from sloth_tui.model import Pace

        return Pace(token=self._poll, listing=self._poll * _LISTING_FACTOR, retry=self._poll)

    @property
    def backups(self) -> str:
        return backup_directory()

    def names(self) -> list[str]:
        return sorted({DEFAULT_AGENT, *self._list()})

    def known(self, name: str) -> bool:
        return self._bucket.look(self._snapshot(name)) is not None

    def warning(self, name: str) -> str | None:
        return exposure(HostCopy(self._bucket, name).path)

    def discover(self) -> list[Agent]:
        found = self._list()
        return [self._agent(name, found.get(name)) for name in sorted({DEFAULT_AGENT, *found})]

    def look_at(self, name: str) -> Agent:
        return self._agent(name, self._bucket.look(self._snapshot(name)))

    def listing(self) -> object:
        return None

    def identity(self, name: str) -> object:
        return None

    def state(self, name: str) -> object:
        return None

    def create(self, name: str) -> str:
        copy = HostCopy(self._bucket, name)
        self._refuse_known(name, copy)
        scratch = Scratch(name, copy, SYSTEM_CLOCK, None)
        try:
            with self._inside(name, copy):
                scratch.at(copy.refresh())
                self._create(name, scratch.connection, copy)
        finally:
            scratch.drop()
        return copy.location

    def duplicate(self, name: str, copy: str, progress: Progress | None = None) -> str:
        target, source = HostCopy(self._bucket, copy), HostCopy(self._bucket, name)
        self._refuse_known(copy, target)
        scratch = Scratch(name, source, SYSTEM_CLOCK, None)
        try:
            base = source.refresh()
            if base.etag is None:
                raise self._no_such_agent(name)
            scratch.at(base)
            marks.forget(scratch.connection)
            if progress is not None:
                progress(1, 2)
            with self._inside(copy, target), self._copied_locks(name, copy):
                self._create(copy, scratch.connection, target)
        finally:
            scratch.drop()
        if progress is not None:
            progress(2, 2)
        return target.location

    def back_up(self, name: str, progress: Progress | None = None, target: str | None = None) -> str:
        from sloth_tui.store.sqlite.saving.names import backup_path
        from sloth_tui.store.sqlite.saving.writing import save

        copy = HostCopy(self._bucket, name)
        if copy.refresh().etag is None:
            raise self._no_such_agent(name)
        target = target or backup_path(name)
        save(copy.path, target, progress)
        return target

    def examine(self, name: str, *, full: bool = False, progress: Progress | None = None) -> list[Check]:
        from sloth_tui.store.s3.checkup import examine

        copy = HostCopy(self._bucket, name)
        if name != DEFAULT_AGENT and not self.known(name):
            raise self._no_such_agent(name)
        return examine(self._bucket, name, copy, full=full)

    def remove(self, name: str, progress: Progress | None = None) -> str:
        """See the port. Its locks stay, so that their tokens never come twice."""
        from sloth_tui.store.sqlite.saving.automatic import before_removal

        if check_name(name) == DEFAULT_AGENT:
            raise Refused(f"{name} always exists", hint="its keys can be cleared")
        copy = HostCopy(self._bucket, name)
        if copy.refresh().etag is None:
            raise self._no_such_agent(name)
        with self._inside(name, copy) as token, before_removal(name) as target:
            self._close_gate(name, copy, token)
            self.back_up(name, progress, target)
            self._bucket.delete(copy.remote)
            copy.refresh()
        return target

    @contextmanager
    def _inside(self, name: str, copy: HostCopy) -> Iterator[int]:
        """Hold the gate of an agent, which it takes to create a database; give its token."""
        require_conditions(self._bucket)
        leases = Leases(self._bucket, SYSTEM_CLOCK, copy.path + ".seen")
        keeper = Keeper(leases)
        gate = Gate(self._bucket.address.gate(name), leases, keeper, copy.location)
        try:
            with copy.turn(), gate.held() as token:
                yield token
        finally:
            keeper.close()

    def _close_gate(self, name: str, copy: HostCopy, token: int) -> None:
        """Write the token of the gate into the snapshot: then nobody else replaces it any more."""
        scratch = Scratch(name, copy, SYSTEM_CLOCK, None)
        try:
            while True:
                base = copy.refresh()
                if base.etag is None:
                    raise self._no_such_agent(name)
                scratch.at(base)
                marks.set_gate(scratch.connection, token)
                marks.sign(scratch.connection, marks.new_id())
                try:
                    put_settled(self._bucket, copy.remote, as_bytes(scratch.connection), base.etag)
                    return
                except Lost:
                    scratch.drop()
        finally:
            scratch.drop()

    def _create(self, name: str, connection: Connection, copy: HostCopy) -> None:
        marks.sign(connection, marks.new_id())
        try:
            put_settled(self._bucket, copy.remote, as_bytes(connection), None)  # type: ignore[arg-type]
        except Lost:
            raise _exists(name) from None
        copy.refresh()

    @contextmanager
    def _copied_locks(self, name: str, copy: str) -> Iterator[None]:
        """Give an agent without a database the locks of another; release them if the block fails."""
        folder, target = self._bucket.address.locks(name), self._bucket.address.locks(copy)
        leases = Leases(self._bucket, SYSTEM_CLOCK, HostCopy(self._bucket, name).path + ".seen")
        written: dict[str, Lease] = {}
        try:
            for meta in self._bucket.listed(folder):
                lease, path = leases.read(meta["path"]), target + meta["path"][len(folder) :]
                made = _copied_lock(leases, lease, path) if lease is not None else None
                if made is not None:
                    written[path] = made
            yield
        except BaseException:
            for path, made in written.items():
                with suppress(SlothError, Lost):
                    leases.write(path, made.body._replace(held=False, nonce=new_nonce()), made)
            raise

    def _list(self) -> dict[str, ObjectMeta]:
        """Return the agents that have a database. Raises DatabaseUnusable."""
        found: dict[str, ObjectMeta] = {}
        for meta in self._bucket.listed(self._bucket.address.prefix):
            name = meta["path"].rpartition("/")[2]
            if not name.endswith(_SUFFIX):
                continue
            try:
                found[check_name(name[: -len(_SUFFIX)])] = meta
            except InvalidAgentName:
                continue
        return found

    def _agent(self, name: str, found: ObjectMeta | None) -> Agent:
        from sloth_tui.model import Agent

        location = f"s3://{self._bucket.address.bucket}/{self._snapshot(name)}"
        if found is None:
            return Agent(name, location, False, 0, None)
        # A listing may tell milliseconds, the header of an object tells none.
        modified_at = float(int(found["last_modified"].timestamp()))
        return Agent(name, location, True, found["size"], modified_at)

    def _snapshot(self, name: str) -> str:
        return self._bucket.address.snapshot(check_name(name))

    def _refuse_known(self, name: str, copy: HostCopy) -> None:
        if self._bucket.look(copy.remote) is not None:
            raise _exists(name)

    def _no_such_agent(self, name: str) -> AgentNotFound:
        from sloth_tui.text import listed

        return AgentNotFound(f"agent '{name}' has no database", hint="agents: " + listed(self.names()))


def _copied_lock(leases: Leases, lease: Lease, path: str) -> Lease | None:
    """Write a lock to another path, with a token that was never given there; return None if somebody holds
    it there."""
    while True:
        there = leases.read(path)
        if there is not None and there.remaining():
            return None
        token = max(lease.body.token, there.body.token + 1 if there else 0)
        try:
            return leases.write(path, lease.body._replace(token=token, nonce=new_nonce()), there)
        except Lost:
            continue


def _exists(name: str) -> Conflict:
    return Conflict(f"agent '{name}' has a database already", hint="nothing was written")
