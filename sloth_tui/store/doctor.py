"""Examine the store of an agent, and rescue what can be read of a damaged one."""

from __future__ import annotations

import os
from contextlib import suppress

from sloth_tui.agents import status_of
from sloth_tui.errors import AgentNotFound, Refused, SlothError
from sloth_tui.model import Examined, RepairReport
from sloth_tui.store import open_agents, store_address
from sloth_tui.store.encryption import is_encrypted
from sloth_tui.store.sqlite import backup_directory, database_path
from sloth_tui.store.sqlite.saving.names import list_backups
from sloth_tui.store.sqlite.saving.reading import kept_path, verify
from sloth_tui.store.sqlite.saving.swapping import BESIDE, new_path, swap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Progress: TypeAlias = Callable[[int, int], object]


def examine(
    agent: str, *, full: bool = False, address: str | None = None, progress: Progress | None = None
) -> Examined:
    """Examine the store of an agent. ``full``: also what takes long. Raises InvalidAgentName, AgentNotFound,
    Interrupted, and DatabaseUnusable if the store does not answer."""
    checks = open_agents(address).examine(agent, full=full, progress=progress)
    elsewhere = store_address(address)
    location = database_path(agent) if elsewhere is None else elsewhere.partition("?")[0]
    backend = "sqlite" if elsewhere is None else elsewhere.partition(":")[0].removesuffix("s")
    healthy = all(check.status != "damage" for check in checks)
    return Examined(agent, backend, location, healthy, tuple(checks))


def rescue(agent: str, *, address: str | None = None, progress: Progress | None = None) -> RepairReport:
    """Write what can be read of the database of an agent into another one, beside the backups; what there is
    stays as it is. The newest backup that is sound fills in what is lost.

    Raises Refused for a store that is no file, AgentNotFound, DatabaseDamaged if nothing can be read,
    NotWritable, DatabaseUnusable.
    """
    if store_address(address) is not None:
        raise Refused(
            "only databases in files can be repaired", hint="state restore puts a backup into this store"
        )
    path = database_path(agent)
    if status_of(path) is None:
        raise AgentNotFound(f"agent '{agent}' has no database")
    from sloth_tui.store.sqlite.engine.opening import check_place
    from sloth_tui.store.sqlite.repair.mending import mend

    check_place(path)
    if is_encrypted(path):
        raise Refused(
            f"{path}: the pages of an encrypted database cannot be rescued one by one",
            hint="state restore puts a backup in its place, and keeps it",
        )
    target = repaired_path(agent)
    _remove(target)
    try:
        return mend(path, target, _newest_sound_backup(agent), progress)
    except BaseException:
        _remove(target)
        raise


def take_repaired(agent: str, report: RepairReport) -> str:
    """Put the repaired database in the place of the damaged one, at once; return the path at which that is
    kept, byte by byte. Raises Conflict if a program has it open, NotWritable, DatabaseUnusable."""
    from sloth_tui.store.sqlite.saving.reading import prepare

    path, kept = database_path(agent), kept_path(agent)
    new = prepare(report.repaired, path, locks=True)
    try:
        swap(path, new, kept)
    except BaseException:
        new_path(path)
        raise
    _remove(report.repaired)
    return kept


def repaired_path(agent: str) -> str:
    """Return the path of the repaired database of an agent."""
    return os.path.join(backup_directory(), f"{agent}.repaired.db")


def _newest_sound_backup(agent: str) -> str | None:
    for backup in list_backups(agent):
        try:
            verify(backup.path)
        except SlothError:
            continue
        return backup.path
    return None


def _remove(path: str) -> None:
    for end in ("", *BESIDE):
        with suppress(FileNotFoundError):
            os.unlink(path + end)
