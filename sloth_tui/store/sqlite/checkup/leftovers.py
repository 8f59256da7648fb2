"""Files that lie around: half written ones of what was ended, and plain copies of what is encrypted."""

from __future__ import annotations

import os

from sloth_tui.model import Check
from sloth_tui.store.sqlite import backup_directory
from sloth_tui.store.sqlite.engine import SQLITE_MAGIC, read_header
from sloth_tui.store.sqlite.engine.files import abandoned
from sloth_tui.store.sqlite.engine.opening import marked_key
from sloth_tui.store.sqlite.saving.checksum import SUFFIX
from sloth_tui.store.sqlite.saving.names import list_backups
from sloth_tui.store.sqlite.saving.swapping import NEW
from sloth_tui.text import listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def checks(agent: str, path: str) -> Iterator[Check]:
    yield _half_written(path)
    yield from _plain_copies(agent, path)


def _half_written(path: str) -> Check:
    directory, name = os.path.split(path)
    found = [os.path.join(directory, f".{name}{NEW}")]
    found = [file for file in found if os.path.lexists(file)]
    for place in (directory, backup_directory()):
        found += abandoned(place)
    backups = backup_directory()
    if os.path.isdir(backups):
        found += [
            os.path.join(backups, file)
            for file in sorted(os.listdir(backups))
            if file.endswith(SUFFIX) and not os.path.lexists(os.path.join(backups, file.removesuffix(SUFFIX)))
        ]
    if not found:
        return Check("left over", "ok", "nothing half written", None)
    from shlex import join

    return Check(
        "left over", "warning", f"half written, by what was ended: {listed(found)}", join(["rm", *found])
    )


def _plain_copies(agent: str, path: str) -> Iterator[Check]:
    if marked_key(path) is None:
        return
    found = [backup.path for backup in list_backups(agent) if _is_plain(backup.path)]
    if found:
        yield Check(
            "plain copies",
            "warning",
            f"the agent is encrypted, and these copies of it are not: {listed(found)}",
            "delete what is no longer needed; its blocks stay on the disk until they are used again",
        )


def _is_plain(path: str) -> bool:
    try:
        return read_header(path).startswith(SQLITE_MAGIC)
    except Exception:  # noqa: BLE001 - the driver's errors: a file that cannot be read is not known to be plain
        return False
