"""Backups that are made before something is done that cannot be taken back otherwise."""

from __future__ import annotations

import os
from contextlib import contextmanager

from sloth_tui.errors import NotWritable
from sloth_tui.settings import load_settings
from sloth_tui.store.sqlite.saving.names import backup_path, forget_old

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sloth_tui.settings import Settings

UPGRADE, REMOVE = "upgrade", "remove"


def automatic(agent: str, reason: str, keep: int, write: Callable[[str], object]) -> str | None:
    """Let ``write`` make an automatic backup at a path that it gets; return that path, None if ``keep`` is 0.

    Then all but the newest ``keep`` automatic ones of the agent are deleted. ``reason``: what it is made
    before, one word or few with hyphens. Raises the errors of ``write``; of NotWritable, the hint says how to
    do without.
    """
    if not keep:
        return None
    path = backup_path(agent, reason)
    try:
        write(path)
    except NotWritable as error:
        raise NotWritable(
            f"no backup could be made before: {error.message}",
            hint="nothing was changed; backups.keep = 0 in config.toml does without",
        ) from error
    forget_old(agent, keep)
    return path


def before_upgrade(path: str, settings: Callable[[], Settings]) -> None:
    """Back up a database with an older schema. Raises as :func:`automatic`."""
    from sloth_tui.store.sqlite.saving.writing import save

    agent = os.path.basename(path).removesuffix(".db")
    automatic(agent, UPGRADE, settings().keep_backups, lambda target: save(path, target))


@contextmanager
def before_removal(agent: str) -> Iterator[str]:
    """Give the path for the backup of an agent that is removed in the block, which writes it: always, as
    nothing else keeps what it had. Older automatic ones are deleted as usual."""
    yield backup_path(agent, REMOVE)
    forget_old(agent, max(load_settings().keep_backups, 1))
