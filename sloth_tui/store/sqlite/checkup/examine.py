"""Examine the database of an agent: its file, its content, and what a machine does to both."""

from __future__ import annotations

from contextlib import closing

from sloth_tui.agents import status_of
from sloth_tui.errors import DatabaseDamaged, Interrupted, SlothError
from sloth_tui.model import Check
from sloth_tui.store.sqlite.checkup import content, leftovers, locks, surroundings
from sloth_tui.store.sqlite.engine.connection import OpenDatabase
from sloth_tui.store.sqlite.schema import CURRENT, OUTDATED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    Progress: TypeAlias = Callable[[int, int], object]

_KINDS = {
    CURRENT: "of this version",
    OUTDATED: "of an older version; the first write upgrades it, after a backup",
}
_OTHERS = "of another program; the first write adds what is ours"
_CHECKS = (
    content.structure,
    content.schema_objects,
    content.values,
    content.backup,
    locks.leases,
    locks.clock,
)
_REPAIR = "state doctor --repair rescues what can be read; or state restore a backup"
_REFUSED = "as long as that is so, nothing is read of it"


def examine(agent: str, path: str, *, full: bool, progress: Progress | None = None) -> list[Check]:
    """Return what was found, in a fixed order. ``full``: also compare every index with its table, decode
    every value, and compare with the newest backup. Raises Interrupted."""
    return list(_examined(agent, path, full=full, progress=progress))


def _examined(agent: str, path: str, *, full: bool, progress: Progress | None) -> Iterator[Check]:
    if status_of(path) is None:
        yield Check("file", "ok", f"{path}: there is no database yet", None)
        yield from leftovers.checks(agent, path)
        return
    # Before it is opened: that would end a log that nobody has.
    yield from surroundings.checks(path)
    yield from leftovers.checks(agent, path)
    try:
        database = OpenDatabase(path)
    except DatabaseDamaged as error:
        yield Check("file", "damage", error.message, _REPAIR)
        return
    except Interrupted:
        raise
    except SlothError as error:
        yield Check("file", "damage", error.message, error.hint or _REFUSED)
        return
    with closing(database):
        yield Check("schema", "ok", _KINDS.get(database.kind or "", _OTHERS), None)
        for check in _CHECKS:
            yield from _tried(check, agent, database, full, progress)


def _tried(
    check: Callable[[str, OpenDatabase, bool], Iterator[Check]],
    agent: str,
    database: OpenDatabase,
    full: bool,
    progress: Progress | None,
) -> Iterator[Check]:
    if progress is not None:
        progress(0, 0)
    try:
        yield from check(agent, database, full)
    except Interrupted:
        raise
    except SlothError as error:
        yield Check(check.__name__.replace("_", " "), "damage", error.message, _REPAIR)
