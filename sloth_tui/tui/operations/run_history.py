"""What a person does with runs that are kept: take one back, stop one, forget one."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from sloth_tui.errors import Conflict, HistoryPruned, Interrupted, Refused
from sloth_tui.masking import MASK
from sloth_tui.text import display_text, format_age, format_count
from sloth_tui.tui.operations.undo import report_undo, title_for_undo
from sloth_tui.values.render import one_line

if TYPE_CHECKING:
    from sloth_tui.model import Step, Value
    from sloth_tui.runs.model import Run
    from sloth_tui.tui.operations.common import Operations
    from sloth_tui.tui.services import Services
    from sloth_tui.tui.services.run_history import RunChangesInStore, RunHistory

_SAMPLE_SIZE = 8
_KEY_CHARACTERS = 60
_VALUE_CHARACTERS = 40


class RunHistoryOperations:
    """Coroutines to run as workers; they raise SlothError."""

    def __init__(self, operations: Operations, services: Services, history: RunHistory) -> None:
        self._operations = operations
        self._services = services
        self._history = history

    async def undo(self, run: Run) -> None:
        """Take back what a run wrote to the state, after saying what that is."""
        self._services.check_writable()
        self._history.check_undo(run, self._services.elsewhere)
        found = await asyncio.wrap_future(self._history.changes_of(run, _SAMPLE_SIZE))
        if not found.total:
            self._operations.notify(f"nothing is left to take back of {_named(run)}")
            return
        if not await self._confirm_undo(run, found):
            return
        try:
            changed = await self._take_back(run, found, force=_is_blocked(found))
        except (Conflict, HistoryPruned) as error:
            rest = (
                "Keys others changed since are overwritten; those of which nothing is kept stay as they are."
            )
            question = f"Take back {_named(run)} all the same?"
            if not await self._operations.confirm(question, [error.message], rest, "All the same"):
                return
            changed = await self._take_back(run, found, force=True)
        except Interrupted:
            self._operations.notify(f"cancelled, nothing was taken back of {_named(run)}")
            return
        text, undoable = report_undo(found.change_set, changed)
        # The last change of the agent on screen is what the key for it takes back.
        self._operations.notify_undoable(text, undoable and run.agent == self._services.agent)

    async def _take_back(self, run: Run, found: RunChangesInStore, *, force: bool) -> int:
        title = title_for_undo(found.change_set)
        return await self._operations.run_job(
            f"Taking back {_named(run)}",
            "keys",
            lambda job: self._services.jobs.undo(job, run.agent, found.change_set, title, force=force),
        )

    async def _confirm_undo(self, run: Run, found: RunChangesInStore) -> bool:
        age = format_age(run.started, time.time())
        lines = [f"run {run.id} of {age}, on agent {run.agent}, now → then:"]
        lines += [f"  {self._described(step)}" for step in found.steps]
        more = []
        if found.total > len(found.steps):
            more.append(f"… and {format_count(found.total - len(found.steps), 'more key')}")
        if _is_blocked(found):
            more.append("Keys others changed since are overwritten; what is not kept stays as it is.")
        if run.changed > run.keys:
            more.append("What the run did to files and machines stays.")
        verb = "All the same" if _is_blocked(found) else "Take it back"
        question = f"Take back {format_count(found.total, 'key')} of {_named(run)}?"
        return await self._operations.confirm(question, lines, "\n".join(more), verb)

    def _described(self, step: Step) -> str:
        key = display_text(step.key, _KEY_CHARACTERS)
        if step.obstacle not in (None, "changed"):
            return f"{key}: {step.obstacle}, stays as it is"
        hidden = self._services.is_secret(step.key)

        def shown(value: Value | None) -> str:
            if value is None:
                return "absent"
            return MASK if hidden else one_line(value, _VALUE_CHARACTERS)

        since = "  (changed since)" if step.obstacle else ""
        return f"{key}: {shown(step.old)} → {shown(step.new)}{since}"

    async def stop(self, run: Run) -> None:
        """Ask a run to end, after asking; if it was asked before, kill it."""
        if not run.going:
            raise Refused("this run has ended")
        question = f"Stop {_named(run)}?"
        lines = [f"run {run.id} on agent {run.agent}, process {run.pid}", "Asked again, it is killed."]
        if await self._operations.confirm(question, lines, "", "Stop it"):
            stopped = await asyncio.wrap_future(self._history.stop(run))
            self._operations.notify("the run is asked to end" if stopped else "the run has ended already")

    async def forget(self, run: Run) -> None:
        """Remove what is kept of a run, after asking."""
        if run.going:
            raise Refused("this run goes on", hint="stop it first")
        lines = [f"run {run.id} of {format_age(run.started, time.time())}, on agent {run.agent}"]
        rest = "Its output and its record are removed. What it changed stays, and so does the log."
        if await self._operations.confirm(f"Forget {_named(run)}?", lines, rest, "Forget it"):
            await asyncio.wrap_future(self._history.forget(run))
            self._operations.notify(f"forgot {_named(run)}")


def _is_blocked(found: RunChangesInStore) -> bool:
    return any(step.obstacle for step in found.steps)


def _named(run: Run) -> str:
    return f"'{display_text(run.title, _KEY_CHARACTERS)}'"
