"""Run tasks for several hosts at once: one lane for each host, and one for the tasks without."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.runner.events import TaskFinished
from sloth_tui.runner.schedule import SKIPPED
from sloth_tui.runner.supervision.lane import Lane

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from sloth_tui.runner.events import RunEvent
    from sloth_tui.runner.host_schedule import HostSchedule
    from sloth_tui.runner.supervision.verdict import RunEnding, Verdict


class Fleet:
    """The lanes of one run. A host has its lane, and so its worker, from its first task on.

    As long as no task is known to have several hosts, one lane runs them all.
    """

    def __init__(self, ending: RunEnding, main: Lane) -> None:
        self._ending = ending
        self._main = main
        self._schedule: HostSchedule | None = None
        """None as long as no task is known to have several hosts."""
        self._all: dict[str | None, Lane] = {None: main}
        self._active: dict[str | None, Generator[RunEvent | None, None, None]] = {None: main.events()}
        self._finishing = False
        self.verdict: Verdict | None = None
        """Why the run ended before its work was done; None if it did not."""

    @property
    def lanes(self) -> list[Lane]:
        """The lanes that have not ended."""
        return [self._all[host] for host in self._active]

    def events(self) -> Generator[RunEvent | None, None, None]:
        """Yield the events of all lanes, and None whenever all of them wait. Call it once.

        Closing the generator ends all workers.
        """
        try:
            while self._active:
                for host in list(self._active):
                    yield from self._advance(host)
                begun = yield from self._dispatch()
                if self._active and not begun:
                    yield None
        finally:
            for lane in self.lanes:  # all at once: each may have to wait for its commands
                lane.dismiss()
            for events in self._active.values():
                events.close()
        yield from self._conclude()

    def _advance(self, host: str | None) -> Iterator[RunEvent]:
        """Yield the events of a lane until it waits or has ended."""
        for event in self._active[host]:
            if event is None:
                return
            if isinstance(event, TaskFinished) and self._schedule is not None:
                self._schedule.record(event.task, host, event.result)
            yield event
        del self._active[host]
        verdict = self._all[host].verdict
        if verdict is not None:
            self._ending.report_fault(verdict)
            self.verdict = self.verdict or verdict

    def _dispatch(self) -> Generator[RunEvent, None, bool]:
        """Tell the lanes what is next; yield what is skipped. Returns True if a lane has something to do."""
        schedule = self._schedule = self._schedule or self._new_schedule()
        if schedule is None or self._finishing or self._ending.verdict(complete=False) is not None:
            return False
        begun = False
        for step in schedule.steps():
            if step.obstacle is None:
                self._lane(step.host).begin(step.task, step.told)
                begun = True
            else:
                yield TaskFinished(step.task, SKIPPED, 0.0, 0, step.obstacle, None, host=step.host)
        if schedule.over:
            self._finishing = begun = True
            for lane in self.lanes:
                lane.finish()
        return begun

    def _new_schedule(self) -> HostSchedule | None:
        request, plan = self._main.record.request, self._main.record.fleet
        if not plan:
            return None
        from sloth_tui.runner.host_schedule import HostSchedule

        return HostSchedule(plan, keep_going=request.keep_going, forks=request.forks)

    def _lane(self, host: str | None) -> Lane:
        if host is not None and host not in self._all:
            record = self._main.record.for_host(host, len(self._all))
            lane = self._all[host] = Lane(record, self._ending, self._main.keys)
            self._active[host] = lane.events()
        return self._all[host]

    def _conclude(self) -> Iterator[RunEvent]:
        """Note the results of the run as a whole; yield what is skipped because it has ended early."""
        record, why = self._main.record, "" if self.verdict is None else self.verdict.error
        if self._schedule is None:
            for task in record.ahead() if self.verdict is not None else []:
                record.results[task] = SKIPPED
                yield TaskFinished(task, SKIPPED, 0.0, 0, why, None)
            return
        for task, host in self._schedule.skip_rest():
            yield TaskFinished(task, SKIPPED, 0.0, 0, why, None, host=host)
        record.results = self._schedule.results()
        record.tally.would_change = any(lane.record.tally.would_change for lane in self._all.values())
