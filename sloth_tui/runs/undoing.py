"""Whether what a run wrote can be taken back, and in what words it is said that it cannot."""

from __future__ import annotations

from sloth_tui.errors import HistoryPruned, Refused, RevisionNotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.runs.model import Run


def check_undo(run: Run) -> None:
    """Raise Refused if the run goes on, RevisionNotFound if it was a check."""
    if run.going:
        raise Refused(
            f"run {run.id} goes on: there is no end yet to take it back from",
            hint=f"sloth-runner runs stop {run.id} stops it",
        )
    if run.check:
        raise RevisionNotFound(f"run {run.id} was a check, which changes nothing: nothing to take back")


def nothing_of(run: Run) -> RevisionNotFound | HistoryPruned:
    """Return the error for a run of which its store knows no change."""
    if run.keys:
        return HistoryPruned(f"the history of agent '{run.agent}' holds nothing more of run {run.id}")
    return RevisionNotFound(
        f"run {run.id} wrote nothing to the state: nothing to take back",
        hint="what it did to files and machines is not undone by this" if run.changed else None,
    )
