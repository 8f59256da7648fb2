"""Backups of what an agent has, whatever its backend: databases in files on this machine.

Loaded by the commands that make or need one.
"""

from __future__ import annotations

import os

from sloth_tui.errors import AgentNotFound, DatabaseDamaged, NotFound
from sloth_tui.model import Restored
from sloth_tui.settings import load_settings
from sloth_tui.store import open_agents, open_path, open_store, store_address
from sloth_tui.store.sqlite import database_path
from sloth_tui.store.sqlite.saving.automatic import automatic
from sloth_tui.store.sqlite.saving.names import list_backups as list_backups
from sloth_tui.store.sqlite.saving.reading import find_backup as find_backup
from sloth_tui.store.sqlite.saving.reading import install, replace_damaged, verify
from sloth_tui.store.transfer import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from sloth_tui.origin import Origin
    from sloth_tui.settings import Settings

    Progress: TypeAlias = Callable[[int, int], object]


def back_up_first(
    agent: str,
    reason: str,
    *,
    address: str | None = None,
    settings: Callable[[], Settings] = load_settings,
    progress: Progress | None = None,
) -> str | None:
    """Make an automatic backup of an agent before something that cannot be taken back otherwise, and forget
    the older ones beyond the number that the settings keep. Return its path; None if the agent has nothing to
    save, or if the settings want no automatic backups.

    ``reason``: what it is made before, a word in lower case like ``clear``; it becomes part of the file's
    name. ``address``: the store, as for :func:`sloth_tui.store.open_store`. Call it before the transaction
    begins. ``progress`` gets (done, total) in units of the backend; an exception that it raises ends the
    work, which leaves nothing behind. Raises NotWritable, whose hint says how to do without, and
    DatabaseUnusable.
    """
    agents = open_agents(address)
    try:
        return automatic(
            agent, reason, settings().keep_backups, lambda path: agents.back_up(agent, progress, path)
        )
    except AgentNotFound:
        return None


def save(
    agent: str, target: str | None = None, *, address: str | None = None, progress: Progress | None = None
) -> str:
    """Write a backup of an agent to a new file, by default one in the directory for backups; return its
    path. Raises as :meth:`sloth_tui.store.port.Agents.back_up`, and NotFound if its directory is missing."""
    if target is not None:
        directory = os.path.dirname(target) or os.curdir
        if not os.path.isdir(directory):
            raise NotFound(f"{directory}: no such directory", hint="nothing was written")
        target = os.path.abspath(target)
    return open_agents(address).back_up(agent, progress, target)


def restore(
    agent: str,
    path: str,
    *,
    address: str | None = None,
    origin: Origin | None = None,
    settings: Callable[[], Settings] = load_settings,
    progress: Progress | None = None,
    alone: bool = True,
) -> Restored:
    """Make what an agent has what a backup has, whose agent may be another one.

    An agent without state gets all of it, history included. In any other one the entries become those of the
    backup by one change set, which can be undone; history and locks go on. So programs that have the store
    open see it as they see any change. A database that is damaged is replaced as a whole, if no program has
    it open, and kept; but not if this process may have it open itself, and so is not ``alone``: then
    DatabaseDamaged is raised. A backup is made first. Raises NotFound if there is no such file,
    DatabaseDamaged if it is not what was saved, DatabaseUnusable, NotWritable, Conflict.
    """
    verified = verify(path)
    saved, is_file = None, store_address(address) is None
    if is_file and not open_agents(address).known(agent):
        install(path, database_path(agent), progress)
        return _replaced(agent, None, None, verified=verified)
    try:
        saved = back_up_first(agent, "restore", address=address, settings=settings, progress=progress)
        with (
            open_path(path) as source,
            open_store(agent, "write", address=address, origin=origin, settings=settings) as target,
        ):
            done = replace(source, target, progress)
        return Restored(*done, saved=saved, kept=None, verified=verified)
    except DatabaseDamaged:
        if not (is_file and alone):
            raise
    kept = replace_damaged(path, database_path(agent), agent, progress)
    return _replaced(agent, saved, kept, verified=verified)


def _replaced(agent: str, saved: str | None, kept: str | None, *, verified: bool) -> Restored:
    with open_path(database_path(agent)) as store:
        count = store.count()
    return Restored(count, count, 0, True, saved, kept, verified)


def count_entries(path: str) -> int:
    """Return the number of entries that a backup has. Raises as :func:`restore`."""
    verify(path)
    with open_path(path) as store:
        return store.count()
