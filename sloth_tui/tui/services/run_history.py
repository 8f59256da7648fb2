"""The runs that are kept, and what they changed in the store."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import AgentNotFound, Refused, RevisionNotFound
from sloth_tui.runs.archive import Archive
from sloth_tui.runs.undoing import check_undo, nothing_of
from sloth_tui.store import open_store
from sloth_tui.tui.services.beside import on_a_thread

if TYPE_CHECKING:
    from concurrent.futures import Future

    from sloth_tui.model import ChangeSet, Step
    from sloth_tui.runs.model import Run


class RunChangesInStore(NamedTuple):
    """What can be taken back of a run."""

    change_set: ChangeSet
    steps: list[Step]
    """The first steps of taking it back, each from the value of now to the one of then."""
    total: int
    """The number of all steps; 0 if everything was taken back already."""


class RunHistory:
    """Every method works on a thread of its own; the futures raise SlothError."""

    def read(self) -> Future[list[Run]]:
        """Return the runs that are kept, of all agents and stores, newest first."""
        return on_a_thread(lambda: Archive().runs(), "kept runs")

    def forget(self, run: Run) -> Future[None]:
        """Remove what is kept of a run; what it changed stays. Raises Refused while it goes on."""
        return on_a_thread(lambda: Archive().forget(run.id), "forget run")

    def stop(self, run: Run) -> Future[bool]:
        """Ask a run to end, the second time at once; return False if it has ended."""
        return on_a_thread(lambda: Archive().stop(run), "stop run")

    def check_undo(self, run: Run, store: str | None) -> None:
        """Raise Refused or RevisionNotFound if the run cannot be taken back in ``store``, the address of the
        one in use (None: the files of this machine)."""
        check_undo(run)
        if run.store != store:
            raise Refused(
                f"run {run.id} wrote to another store: {run.store or 'the files of this machine'}",
                hint=f"sloth-runner runs undo {run.id} takes it back there",
            )

    def changes_of(self, run: Run, limit: int) -> Future[RunChangesInStore]:
        """Return what a run changed in the store that is in use, and up to ``limit`` steps to take it back.
        Raises RevisionNotFound if it changed nothing, and HistoryPruned."""

        def read() -> RunChangesInStore:
            try:
                with open_store(run.agent, "read") as store:
                    change_set = store.change_set(run.id)
                    steps = iter(store.undo_steps(change_set))
                    first = list(islice(steps, limit))
                    return RunChangesInStore(change_set, first, len(first) + sum(1 for _ in steps))
            except (AgentNotFound, RevisionNotFound) as error:
                raise nothing_of(run) from error

        return on_a_thread(read, "changes of a run")
