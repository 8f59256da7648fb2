"""Locks as objects: one for each name, kept for ever, so that its token only grows.

Time is measured by clocks that cannot be set. On the machine where a lease began, its deadline counts, as
for the files of that machine. Anywhere else a lease counts from the moment at which its ETag was first seen
there: it never ends too soon, and who looks for the first time waits for all of it. What was seen is
remembered on the machine. The holder of a tied lock shows every few seconds that it lives; else the lock is
free.
"""

from __future__ import annotations

import json
import time
from typing import NamedTuple

from sloth_tui.errors import DatabaseUnusable
from sloth_tui.store.clock import NANOSECONDS
from sloth_tui.store.process import current_process, is_alive
from sloth_tui.store.s3.client.objects import PATIENCE_SECONDS, Lost, Unanswered
from sloth_tui.store.s3.copies.host_copy import write_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.model import Lock, Owner
    from sloth_tui.store.clock import Clock
    from sloth_tui.store.s3.client.objects import Bucket

BEAT_SECONDS = 15.0
"""How long a tied lock stays its holder's, for other machines, after its last sign of life."""
_SETTLE_PAUSE_SECONDS = 0.1
_MOST_SEEN = 256
_NEVER = ""


class Body(NamedTuple):
    """The content of a lock's object."""

    name: str
    holder: str
    held: bool
    token: int
    nonce: str
    """Makes each content, and so each ETag, another."""
    left: float
    """Seconds of the lease when this was written."""
    acquired_at: float
    """Unix seconds, like the next one: for people."""
    expires_at: float
    deadline: int
    """Nanoseconds by the clock of the boot ``boot_id``."""
    boot_id: str
    tied: bool
    owner: tuple[str, int, int, str]
    unmarked: bool
    """True if it was taken from a holder that may still be writing."""
    log: tuple[str, ...] = ()
    """The last acquisitions, oldest first, as :mod:`sloth_tui.store.lock_log` has them."""


class Lease:
    """A lock's object as it was read, and the time left of it."""

    __slots__ = ("_clock", "_seen", "body", "etag")

    def __init__(self, body: Body, etag: str, clock: Clock, seen: int) -> None:
        """``seen``: when this ETag was first seen on this machine, by its clock."""
        self.body = body
        self.etag = etag
        self._clock = clock
        self._seen = seen

    def remaining(self) -> float:
        """Return the seconds left; 0 if the lock is free."""
        body = self.body
        if not body.held or (body.tied and self.alive() is False):
            return 0.0
        if is_of_boot(body, self._clock):
            return max((body.deadline - self._clock.now()) / NANOSECONDS, 0.0)
        left = min(body.left, BEAT_SECONDS) if body.tied else body.left
        return max(left - (self._clock.now() - self._seen) / NANOSECONDS, 0.0)

    def alive(self) -> bool | None:
        return is_alive(self.owner(), self._clock.boot_id)

    def owner(self) -> Owner:
        from sloth_tui.model import Owner

        return Owner(*self.body.owner)

    def lock(self, remaining: float) -> Lock:
        from sloth_tui.model import Lock

        body = self.body
        return Lock(
            name=body.name,
            holder=body.holder,
            token=body.token,
            acquired_at=body.acquired_at,
            expires_at=body.expires_at,
            remaining=remaining,
            owner=self.owner(),
            ephemeral=body.tied,
            alive=self.alive(),
        )


class Leases:
    """The objects of locks, read and written. Safe from any thread."""

    def __init__(self, bucket: Bucket, clock: Clock, seen_path: str) -> None:
        """``seen_path``: the file in which is remembered when an ETag was first seen on this machine."""
        self._bucket = bucket
        self._seen_path = seen_path
        self.clock = clock

    def read(self, path: str) -> Lease | None:
        """Return a lock's object; None if there is none. Raises DatabaseUnusable."""
        found = self._bucket.read(path)
        if found is None:
            return None
        body = _parsed(found.data, f"s3://{self._bucket.address.bucket}/{path}")
        now = self.clock.now()
        elsewhere = body.held and not is_of_boot(body, self.clock)
        return Lease(body, found.etag, self.clock, self._first_seen(path, found.etag) if elsewhere else now)

    def write(self, path: str, body: Body, before: Lease | None) -> Lease:
        """Replace a lock's object, or create it. Raises Lost if another content than ``before`` is there,
        NotWritable, DatabaseUnusable."""
        data = json.dumps(body._asdict()).encode()
        etag = put_settled(self._bucket, path, data, before.etag if before else None)
        return Lease(body, etag, self.clock, self.clock.now())

    def begun(self, name: str, holder: str, token: int, seconds: float, *, tied: bool) -> Body:
        """Return the content for a lease that begins now."""
        clock = self.clock
        owner = current_process(clock.boot_id)
        wall = clock.wall()
        return Body(
            name=name,
            holder=holder,
            held=True,
            token=token,
            nonce=new_nonce(),
            left=seconds,
            acquired_at=wall,
            expires_at=wall + seconds,
            deadline=clock.now() + round(seconds * NANOSECONDS),
            boot_id=clock.boot_id,
            tied=tied,
            owner=(owner.host, owner.pid, owner.start_time, owner.boot_id),
            unmarked=False,
        )

    def renewed(self, body: Body, seconds: float) -> Body:
        """Return the content for a lease that goes on for ``seconds`` from now."""
        clock = self.clock
        return body._replace(
            nonce=new_nonce(),
            left=seconds,
            expires_at=clock.wall() + seconds,
            deadline=clock.now() + round(seconds * NANOSECONDS),
            boot_id=clock.boot_id,
        )

    def _first_seen(self, path: str, etag: str) -> int:
        """Return when this ETag was first seen on this machine; that is now, if it was not."""
        now, boot = self.clock.now(), self.clock.boot_id
        try:
            with open(self._seen_path, encoding="utf-8") as file:
                seen = json.load(file)
        except (OSError, ValueError):
            seen = {}
        entry = seen.get(path) if isinstance(seen, dict) else None
        if (
            isinstance(entry, list)
            and entry[:2] == [etag, boot]
            and type(entry[2]) is int
            and entry[2] <= now
        ):
            return entry[2]
        if not isinstance(seen, dict) or len(seen) > _MOST_SEEN:
            seen = {}
        write_file(self._seen_path, json.dumps({**seen, path: [etag, boot, now]}))
        return now


def put_settled(bucket: Bucket, path: str, data: bytes, etag: str | None) -> str:
    """Like :meth:`Bucket.put` for a small object, each of whose contents is unique: find out what happened
    where no answer came. Raises Lost, NotWritable, DatabaseUnusable."""
    end, lost = 0.0, False
    while True:
        try:
            return bucket.put(path, data, etag)
        except Unanswered as error:
            unknown = error.error
            end = end or time.monotonic() + PATIENCE_SECONDS
        except Lost:
            lost = True
        found = bucket.read(path)
        if found is not None and found.data == data:
            return found.etag
        if lost or (found.etag if found else None) != etag:
            raise Lost
        if time.monotonic() > end:
            raise DatabaseUnusable(
                f"{unknown.message}: it is not known whether the change was made", hint=unknown.hint
            )
        time.sleep(_SETTLE_PAUSE_SECONDS)


def is_of_boot(body: Body, clock: Clock) -> bool:
    """Return True if the deadline is by the clock of this machine, since its last boot."""
    return body.boot_id != _NEVER and body.boot_id == clock.boot_id


def new_nonce() -> str:
    from os import urandom

    return urandom(12).hex()


def _parsed(data: bytes, location: str) -> Body:
    try:
        body = Body(**json.loads(data))
        host, pid, start, boot = body.owner
        whole, numbers = (
            (body.token, body.deadline, pid, start),
            (body.left, body.acquired_at, body.expires_at),
        )
        texts = (body.name, body.holder, body.nonce, body.boot_id, host, boot, *body.log)
        if (
            all(type(each) is int for each in whole)
            and all(isinstance(each, int | float) for each in numbers)
            and all(isinstance(each, str) for each in texts)
        ):
            return body._replace(owner=(host, pid, start, boot), log=tuple(body.log))
    except (ValueError, TypeError):
        pass
    raise DatabaseUnusable(f"{location}: not a lock of sloth-runner", hint="it was left as it is")
