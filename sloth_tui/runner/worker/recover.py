"""Finds out what a worker that died had done: its changes are in the store, its plain locks as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.errors import LockHeld, LockLost
from sloth_tui.runner.events import Warned
from sloth_tui.runner.lua.modules.locks import left_behind
from sloth_tui.runner.worker.key_changes import Changes

if TYPE_CHECKING:
    from sloth_tui.runner.request import Assignment
    from sloth_tui.runner.worker.access import OpenStore
    from sloth_tui.runner.worker.emitter import Emitter
    from sloth_tui.store.port import Store


def settle(assignment: Assignment, emitter: Emitter, open_store: OpenStore) -> None:
    """Report changes not yet reported, and warn of locks nobody is left to unlock."""
    aftermath = assignment.aftermath
    assert aftermath is not None
    with open_store(assignment.request.agent, "write", None) as store:
        changes = Changes(emitter, assignment.run)
        changes.watch(store, aftermath.since, keep_revisions=1)
        changes.report()
        for lock in store.locks():
            if lock.owner is not None and lock.owner.pid == aftermath.pid and lock.alive is False:
                emitter.event(Warned(aftermath.task, left_behind(lock.name, lock.holder, lock.remaining)))
        for name, holder in aftermath.tied:
            _free(store, name, holder)
    emitter.note("done")


def _free(store: Store, name: str, holder: str) -> None:
    """Remove a tied lock whose process is gone. To us it is free already, but not to other programs."""
    try:
        store.acquire(name, holder, 1.0)
        store.release(name, holder)
    except (LockHeld, LockLost):  # somebody else has it by now
        return
