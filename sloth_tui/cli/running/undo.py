"""Undo the changes of a run that failed."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from sloth_tui.cli.output.records import title_of
from sloth_tui.errors import AgentNotFound, ExitCode, RevisionNotFound, SlothError
from sloth_tui.origin import this_process
from sloth_tui.runner.events import RunFinished, Warned
from sloth_tui.runner.key_events import key_restored
from sloth_tui.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sloth_tui.model import ChangeSet
    from sloth_tui.runner.events import RunEvent
    from sloth_tui.settings import Settings


def undo_failure(
    run_events: Iterable[RunEvent], agent: str, settings: Callable[[], Settings]
) -> Iterator[RunEvent]:
    """Yield the events of a run. If it failed, was stopped or took too long, undo its changes before the last
    event, and yield a KeyRestored for each. If that is refused, nothing is undone, and a warning says why."""
    for event in run_events:
        if isinstance(event, RunFinished) and event.exit_code != ExitCode.OK:
            yield from _undo_run(event.run, agent, settings)
        yield event


def _undo_run(run: str, agent: str, settings: Callable[[], Settings]) -> Iterator[RunEvent]:
    try:
        with open_store(agent, brief=True) as store:
            change_set = store.change_set(run)
        yield from _undo(change_set, agent, settings)
    except (AgentNotFound, RevisionNotFound):
        return  # it wrote nothing
    except SlothError as error:
        by_hand = f"state undo {run} --force does what can be done"
        yield Warned(None, f"what the run wrote was not taken back: {error.message}; {by_hand}")


def _undo(change_set: ChangeSet, agent: str, settings: Callable[[], Settings]) -> Iterator[RunEvent]:
    origin = this_process("sloth-runner", f"undo {change_set.id}: {title_of(change_set)}")
    with open_store(agent, "write", origin=origin, settings=settings, brief=True) as store:
        with store.transaction():
            before = store.revision()
            store.undo(change_set)
            after = store.revision()
        # Read back, so that only what was committed is reported.
        written = takewhile(lambda revision: revision.revision <= after, store.revisions_since(before))
        yield from map(key_restored, written)
