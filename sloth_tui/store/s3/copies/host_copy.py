"""The copy of an agent's database on this machine, shared by its processes.

A file beside it tells the ETag of which it is a copy. It is written after the copy: so the copy is at least
as new as it tells, and a change that began with an older ETag is refused by the server.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from contextlib import ExitStack, contextmanager, suppress
from random import random
from typing import NamedTuple

from sloth_tui.agents import base_directory, check_name
from sloth_tui.errors import DatabaseUnusable, NotWritable
from sloth_tui.store.clock import SYSTEM_CLOCK
from sloth_tui.store.s3.copies import marks
from sloth_tui.store.sqlite.engine.connection import OpenDatabase
from sloth_tui.store.sqlite.engine.files import create_file
from sloth_tui.store.sqlite.engine.snapshot import discard, from_bytes, install

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.errors import SlothError
    from sloth_tui.store.s3.client.objects import Bucket, Found
    from sloth_tui.store.s3.copies.marks import Connection

BUSY_SECONDS = 60.0
"""How long a process waits for its turn."""
_PAUSE_SECONDS = 0.004


class Known(NamedTuple):
    """The snapshot of which there is a copy."""

    etag: str | None
    """None: the agent has no database."""
    birth: str
    boot: str
    """The boot in which the copy was written: it is not flushed to the disk."""
    size: int
    """Bytes of the snapshot."""


_NOTHING = Known(None, "", "", 0)


def cache_directory() -> str:
    """Return the directory for copies of stores on other machines."""
    return os.path.join(base_directory(), "cache")


class HostCopy:
    """The copy of one agent's database. Safe from any thread."""

    __slots__ = (
        "_bucket",
        "_lock_path",
        "_locks",
        "_next_path",
        "_turn_path",
        "known_path",
        "location",
        "path",
        "remote",
    )

    def __init__(self, bucket: Bucket, agent: str) -> None:
        """Raises InvalidAgentName."""
        directory = os.path.join(cache_directory(), "s3", bucket.address.id)
        self._bucket = bucket
        self.remote = bucket.address.snapshot(check_name(agent))
        self._locks = bucket.address.locks(agent)
        self.location = f"s3://{bucket.address.bucket}/{self.remote}"
        self.path = os.path.join(os.path.realpath(directory), f"{agent}.db")
        self.known_path = self.path + ".etag"
        self._lock_path, self._turn_path = self.path + ".lock", self.path + ".turn"
        self._next_path = self.path + ".next"

    def refresh(self) -> Known:
        """Make this a copy of the newest snapshot; return what is known of it. Raises DatabaseUnusable."""
        known = self.known()
        found = self._bucket.read_unless(self.remote, known.etag)
        if isinstance(found, str) or (found is None and known.etag is None):
            return known
        with self._locked(self._lock_path):
            known = self.known()
            found = self._bucket.read_unless(self.remote, known.etag)
            if isinstance(found, str):
                return known
            return self._take(found, known)

    def installed(self, source: Connection, base: Known, etag: str, size: int) -> Known:
        """Take over the database of a connection, which replaced the snapshot ``base`` under this ETag."""
        birth = marks.birth(source)
        with self._locked(self._lock_path):
            if self.known() == base:
                self._install(source, anew=birth != base.birth)
                return self._note(etag, birth, size)
        return Known(etag, birth, SYSTEM_CLOCK.boot_id, size)

    def lock_etags(self) -> object:
        """Return a value that changes with the locks of the agent. Raises DatabaseUnusable."""
        return [(each["path"], each["e_tag"]) for each in self._bucket.listed(self._locks)]

    def known(self) -> Known:
        """Return what is known of the copy, without asking the server."""
        try:
            with open(self.known_path, encoding="utf-8") as file:
                known = Known(*json.load(file))
            if known.boot != SYSTEM_CLOCK.boot_id or (
                known.etag is not None and not os.path.exists(self.path)
            ):
                return _NOTHING
        except (OSError, ValueError, TypeError):
            return _NOTHING
        return known

    def read_marks(self) -> tuple[str, bytes]:
        """Return the birth mark and the newest commits of the copy; both are empty if there is none."""
        database = OpenDatabase(self.path, told=self.told)
        try:
            return marks.birth(database.connection), marks.commits(database.connection)
        finally:
            database.close()

    def told(self, error: SlothError) -> SlothError:
        """Name the store in an error that names its copy. What cannot be used is fetched anew next time."""
        what = error.message.removeprefix(f"{self.path}: ")
        if what != error.message:
            error.message = f"{self.location}: the copy on this machine: {what}"
            error.args = (error.message,)
            if isinstance(error, DatabaseUnusable):
                error.hint = "try again: then it is fetched anew"
                with suppress(OSError):
                    os.unlink(self.known_path)
        return error

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Let one process of this machine write at a time. Raises DatabaseUnusable after a minute.

        Who comes next waits for the turn, all others wait to come next: so whoever had the turn does not take
        it again while others wait."""
        with ExitStack() as held:
            with self._locked(self._next_path):
                held.enter_context(self._locked(self._turn_path))
            yield

    def _take(self, found: Found | None, known: Known) -> Known:
        if found is None:
            if known.etag is not None:
                discard(self.path)
            return self._note(None, "", 0)
        source = from_bytes(found.data, self.location)
        try:
            birth = marks.birth(source)
            self._install(source, anew=known.etag is None or birth != known.birth)
        finally:
            source.close(True)
        return self._note(found.etag, birth, len(found.data))

    def _install(self, source: Connection, *, anew: bool) -> None:
        try:
            install(source, self.path, anew=anew)  # type: ignore[arg-type]
        except NotWritable as error:
            raise DatabaseUnusable(
                f"{self.location}: no copy can be kept on this machine: {error.message}", hint=error.hint
            ) from error

    def _note(self, etag: str | None, birth: str, size: int) -> Known:
        known = Known(etag, birth, SYSTEM_CLOCK.boot_id, size)
        write_file(self.known_path, json.dumps(known))
        return known

    @contextmanager
    def _locked(self, path: str) -> Iterator[None]:
        descriptor = _opened(path)
        try:
            _await_lock(descriptor, self.location)
            yield
        finally:
            os.close(descriptor)


def write_file(path: str, text: str) -> None:
    """Replace a small file of the cache, which others see whole or not at all. Raises NotWritable."""
    partial = f"{path}.{os.getpid()}.{random():.12f}"  # noqa: S311  # not for security
    create_file(partial)
    try:
        with open(partial, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(partial, path)
    except OSError as error:
        with suppress(OSError):
            os.unlink(partial)
        raise NotWritable(f"{path}: {error.strerror}") from error


def _opened(path: str) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        create_file(path)
    except OSError as error:
        raise DatabaseUnusable(f"{path}: {error.strerror}") from error
    try:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise DatabaseUnusable(f"{path}: {error.strerror}") from error


def _await_lock(descriptor: int, location: str) -> None:
    end = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > end:
                raise DatabaseUnusable(
                    f"{location}: busy for {BUSY_SECONDS:g} s",
                    hint="another process of this machine is inside a transaction; try again later",
                ) from None
        time.sleep(_PAUSE_SECONDS * random())  # noqa: S311  # not for security
