"""Taking back what a run wrote that did not succeed."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from sloth_tui.cli.output.histories import title
from sloth_tui.errors import AgentNotFound, ExitCode, RevisionNotFound, SlothError
from sloth_tui.origin import this_process
from sloth_tui.runner.events import KeyRestored, RunFinished, Warned
from sloth_tui.runner.worker.key_changes import shorten
from sloth_tui.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sloth_tui.model import ChangeSet, Revision
    from sloth_tui.runner.events import RunEvent


def undoing_failure(happened: Iterable[RunEvent], agent: str) -> Iterator[RunEvent]:
    """The events of a run; before the last one, if the run failed, was stopped or took too long, those of
    taking back all it wrote. Where that is refused nothing is taken back, and a warning says why."""
    for event in happened:
        if isinstance(event, RunFinished) and event.exit_code != ExitCode.OK:
            yield from _take_back(event.run, agent)
        yield event


def _take_back(run: str, agent: str) -> Iterator[RunEvent]:
    try:
        with open_store(agent) as store:
            change = store.change_set(run)
        yield from _undo(change, agent)
    except (AgentNotFound, RevisionNotFound):
        return  # it wrote nothing
    except SlothError as error:
        by_hand = f"state undo {run} --force does what can be done"
        yield Warned(None, f"what the run wrote was not taken back: {error.message}; {by_hand}")


def _undo(change: ChangeSet, agent: str) -> Iterator[RunEvent]:
    origin = this_process("sloth-runner", f"undo {change.id}: {title(change)}")
    with open_store(agent, "write", origin=origin) as store:
        with store.transaction():
            before = store.revision()
            store.undo(change)
            after = store.revision()
        # Read back, so that what is told is what was committed.
        yield from map(_event, takewhile(lambda made: made.revision <= after, store.changes(before)))


def _event(made: Revision) -> KeyRestored:
    old, old_cut = shorten(made.old)
    new, new_cut = shorten(made.new)
    return KeyRestored(
        made.key,
        old,
        new,
        made.revision,
        shortened=old_cut or new_cut,
        secret=made.secret,
        created=made.created,
        deleted=made.operation == "delete",
    )
