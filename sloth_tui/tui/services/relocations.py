"""Copy and move entries to other keys and agents."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.origin import this_process
from sloth_tui.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from sloth_tui.settings import Settings
    from sloth_tui.store.port import Store
    from sloth_tui.store.relocation import Relocated as Relocated
    from sloth_tui.tui.services.job import Job
    from sloth_tui.tui.services.writer import Writer


class Wish(NamedTuple):
    """What is to be copied or moved, and where to."""

    agent: str
    source: str
    """A key or, with ``prefix``, what keys begin with."""
    prefix: bool
    keys: tuple[str, ...] | None
    """Only these of the keys that begin so; None: all of them."""
    to_agent: str
    target: str
    """What takes the place of ``source``."""
    moving: bool

    @property
    def title(self) -> str:
        verb = "move" if self.moving else "copy"
        what = f"--prefix '{self.source}'" if self.prefix else f"'{self.source}'"
        where = f" to '{self.target}'" if self.target != self.source else ""
        return f"{verb} {what}{where}" + (f" of {self.to_agent}" if self.to_agent != self.agent else "")


class Relocations:
    """Queued with all other changes. The futures raise the errors of both stores, Conflict if an entry is
    there with another value, unless the rule says what to do, and Interrupted if the job was cancelled."""

    def __init__(self, writer: Writer, settings: Callable[[], Settings]) -> None:
        self._writer = writer
        self._settings = settings

    def relocate(self, job: Job, wish: Wish, rule: str) -> Future[Relocated]:
        """Copy or move entries in one change set of each agent concerned."""

        def work(source: Store) -> Relocated:
            from sloth_tui.store.relocation import Place, relocate

            place = Place(wish.source, wish.target, wish.prefix)
            if wish.to_agent == wish.agent:
                return relocate(source, source, place, rule, job.report, moving=wish.moving, only=wish.keys)
            origin = this_process("sloth-tui", f"{wish.title}, from {wish.agent}")
            with open_store(wish.to_agent, "write", origin=origin, settings=self._settings) as target:
                return relocate(source, target, place, rule, job.report, moving=wish.moving, only=wish.keys)

        return self._writer.submit(wish.agent, wish.title, job.bind(work))
