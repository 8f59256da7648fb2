"""The names of backups: ``<agent>-<time in UTC>.db``, and ``.before-<reason>`` in it if one was automatic."""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress

from sloth_tui.agents import check_name
from sloth_tui.model import Backup
from sloth_tui.store.sqlite import backup_directory
from sloth_tui.store.sqlite.saving.checksum import SUFFIX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

DAMAGED = ".damaged"
"""What the name of a damaged database that was replaced has after that of its agent. It has no checksum."""
_TIME = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(
    r"(?P<agent>[A-Za-z0-9][A-Za-z0-9._-]{0,63})-(?P<at>\d{8}T\d{6}Z)(?:-(?P<number>\d{1,9}))?"
    r"(?:\.before-(?P<reason>[a-z-]+))?\.db"
)


def backup_path(agent: str, reason: str | None = None) -> str:
    """Return an unused path for a backup of an agent made now. ``reason``: what it is automatically made
    before, in lower case; None if a person asked for it. Raises InvalidAgentName."""
    stem = f"{check_name(agent)}-{time.strftime(_TIME, time.gmtime())}"
    end = ".db" if reason is None else f".before-{reason}.db"
    directory = backup_directory()
    try:
        taken = os.listdir(directory)
    except OSError:
        taken = []
    # One more than the greatest: a number that is free again would not tell the order.
    numbered = re.compile(re.escape(stem) + r"(?:-(\d{1,9}))?\.")
    numbers = [int(found[1] or 1) for other in taken if (found := numbered.match(other))]
    number = max(numbers, default=0) + 1
    return os.path.join(directory, (stem if number == 1 else f"{stem}-{number}") + end)


def list_backups(agent: str | None = None) -> list[Backup]:
    """Return the backups in the directory for them, of one agent or of all, newest first; none if there is no
    directory or if it cannot be read."""
    return sorted(_found(agent), key=lambda backup: (backup.at, backup.path), reverse=True)


def forget_old(agent: str, keep: int) -> None:
    """Delete all but the newest ``keep`` automatic backups of an agent. What cannot be deleted stays."""
    made = [backup for backup in list_backups(agent) if backup.reason is not None]
    for backup in made[keep:]:
        discard(backup.path)


def discard(path: str) -> None:
    """Delete a backup and its checksum, as far as that is possible."""
    for file in (path + SUFFIX, path):
        with suppress(OSError):
            os.unlink(file)


def _found(agent: str | None) -> Iterator[Backup]:
    directory = backup_directory()
    try:
        names = os.listdir(directory)
    except OSError:
        return
    for name in names:
        parts = _NAME.fullmatch(name)
        if parts is None or agent not in (None, parts["agent"]):
            continue
        path = os.path.join(directory, name)
        if parts["agent"].endswith(DAMAGED) and not os.path.lexists(path + SUFFIX):
            continue
        try:
            status = os.lstat(path)
            at = float(_unix_seconds(parts["at"]))
        except (OSError, ValueError):
            continue
        # Backups of one second are in the order of their numbers.
        at += min(int(parts["number"] or 1), 999) / 1000 - 0.001
        yield Backup(path, parts["agent"], at, status.st_size, parts["reason"])


def _unix_seconds(text: str) -> int:
    from calendar import timegm

    return timegm(time.strptime(text, _TIME))
