"""Writers of one host take turns, once they have met: only hosts contend for the head then, not processes.

Taken only after a lost comparison, so a writer that is alone pays nothing. The file lock is a courtesy:
without it everything is as correct, but less fair and slower."""

from __future__ import annotations

import contextlib
import os
from time import monotonic, sleep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_PATIENCE_SECONDS = 0.5
_PAUSE_SECONDS = 0.0005
REMEMBERED_SECONDS = 1.0
"""How long after a lost comparison a handle takes turns from the start."""


@contextlib.contextmanager
def turn(location: str, agent: str) -> Iterator[None]:
    """Wait for this process's turn to write to a store, for a moment at most."""
    descriptor = _open(location, agent)
    if descriptor is None:
        yield
        return
    try:
        _lock(descriptor)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    import fcntl

    give_up = monotonic() + _PATIENCE_SECONDS
    while monotonic() < give_up:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sleep(_PAUSE_SECONDS)
        except OSError:
            return  # a file system without locks
        else:
            return


def _open(location: str, agent: str) -> int | None:
    import zlib

    from sloth_tui.agents import base_directory
    from sloth_tui.errors import UsageError

    try:
        directory = os.path.join(base_directory(), "run")
        os.makedirs(directory, mode=0o700, exist_ok=True)
        name = f"{zlib.crc32(f'{location} {agent}'.encode()):08x}.lock"
        return os.open(os.path.join(directory, name), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except (OSError, UsageError):
        return None
