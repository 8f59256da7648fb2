"""Backups and examinations of the agent that is on screen when they are asked for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

from sloth_tui.origin import this_process
from sloth_tui.tui.services.beside import on_a_thread

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from sloth_tui.model import Backup, Examined, Restored
    from sloth_tui.settings import Settings
    from sloth_tui.tui.services.job import Job
    from sloth_tui.tui.services.writer import Writer

T = TypeVar("T")


class Safekeeping:
    """The futures raise the errors of :mod:`sloth_tui.store.backups` and :mod:`sloth_tui.store.doctor`, and
    Interrupted if the job was cancelled: then nothing was changed. What they need is loaded on first use."""

    def __init__(self, writer: Writer, agent: Callable[[], str], settings: Settings) -> None:
        self._writer = writer
        self._agent = agent
        self._settings = settings

    def backups(self) -> Future[list[Backup]]:
        """Return the agent's backups, newest first."""
        agent = self._agent()

        def find() -> list[Backup]:
            from sloth_tui.store.backups import list_backups

            return list_backups(agent)

        return on_a_thread(find, "safekeeping")

    def back_up(self, job: Job) -> Future[str]:
        """Save all that the agent has; return the path of the backup."""
        agent = self._agent()

        def back_up() -> str:
            from sloth_tui.store.backups import save

            return save(agent, progress=job.report)

        return self._writer.call(back_up)

    def restore(self, job: Job, path: str) -> Future[Restored]:
        """Make the agent what it is in a backup. Raises DatabaseDamaged if its database is: a command has to
        replace that, while the terminal UI has it closed."""
        agent = self._agent()

        def bring_back() -> Restored:
            from sloth_tui.store.backups import restore

            origin = this_process("sloth-tui", f"restore {os.path.basename(path)}")
            return restore(
                agent,
                path,
                origin=origin,
                settings=lambda: self._settings,
                progress=job.report,
                alone=False,
            )

        return self._writer.call(bring_back)

    def examine(self, job: Job) -> Future[Examined]:
        """Examine the agent's store in full."""
        agent = self._agent()

        def look() -> Examined:
            from sloth_tui.store.doctor import examine

            return examine(agent, full=True, progress=job.report)

        return on_a_thread(look, "safekeeping")
