"""Find out what a dead worker had done. Its changes are in the store, and so are its locks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.errors import LockHeld, LockLost
from sloth_tui.runner.events import Warned
from sloth_tui.runner.lua.modules.locks import describe_left_lock
from sloth_tui.runner.worker.key_changes import KeyChangeReporter
from sloth_tui.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sloth_tui.runner.request import Assignment
    from sloth_tui.runner.worker.access import OpenStore
    from sloth_tui.runner.worker.emitter import Emitter
    from sloth_tui.store.port import Store


def recover(
    assignment: Assignment, emitter: Emitter, open_store: OpenStore, _steps: Callable[[], Iterator[str]]
) -> None:
    """Report the changes that the dead worker did not report, and warn about the locks it left."""
    recovery = assignment.recovery
    assert recovery is not None
    with open_store(assignment.request.agent, "write", None, load_settings) as store:
        changes = KeyChangeReporter(emitter, assignment.run, recovery.pid)
        changes.watch(store, recovery.since, keep_revisions=1)
        changes.report()
        for lock in store.locks():
            if lock.owner is not None and lock.owner.pid == recovery.pid and lock.alive is False:
                emitter.event(
                    Warned(recovery.task, describe_left_lock(lock.name, lock.holder, lock.remaining))
                )
        for name, holder in recovery.ephemeral:
            _free(store, name, holder)
    emitter.note("done")


def _free(store: Store, name: str, holder: str) -> None:
    """Remove a lock of with_lock whose process is gone: for other programs it is not free yet."""
    try:
        store.acquire(name, holder, 1.0)
        store.release(name, holder)
    except (LockHeld, LockLost):  # another process holds it by now
        return
