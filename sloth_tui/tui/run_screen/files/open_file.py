"""The file on the right of the Files view: what was read of it, and what was chosen for its runs."""

from __future__ import annotations

import os
import re
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.tui.run_screen.files.colours import colour_lua
from sloth_tui.tui.run_screen.files.disk import Source, read_source, stamp_of
from sloth_tui.tui.run_screen.files.form.command_line import Target, copied_line, shown_line
from sloth_tui.tui.run_screen.files.form.form_view import form_rows
from sloth_tui.tui.services.task_files import find_values_file, make_request, read_form_values, tasks_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.errors import SlothError
    from sloth_tui.runner.request import RunRequest
    from sloth_tui.tui.run_screen.files.answers import Answers
    from sloth_tui.tui.run_screen.files.colours import Spans
    from sloth_tui.tui.run_screen.files.disk import Stamp
    from sloth_tui.tui.run_screen.files.form.command_line import CommandLine
    from sloth_tui.tui.run_screen.files.form.form_view import FormRow
    from sloth_tui.tui.run_screen.files.form.state import FormState
    from sloth_tui.tui.services import Services
    from sloth_tui.tui.services.task_files import FormValues, Task


class Problem(NamedTuple):
    """Why the tasks of a file are not known."""

    words: str
    line: int | None
    """The line of the file that is to blame, from 1."""


class _Look(NamedTuple):
    """The files as they are on disk."""

    source: Stamp | None
    values: Stamp | None
    beside: str | None
    """The values file beside the task file."""


class _Read(NamedTuple):
    """The values of a form."""

    values_file: str | None
    look: _Look
    values: FormValues
    rows: list[FormRow]


class OpenFile:
    """One task file. Questions about it are answered on threads; then ``changed`` is called with what is
    known now: ``source``, ``colours``, ``form``, ``tasks``."""

    def __init__(
        self,
        state: FormState,
        services: Services,
        answers: Answers,
        slow: Answers,
        changed: Callable[[str], None],
    ) -> None:
        """``slow`` answers what starts a process."""
        self.state = state
        self._services = services
        self._answers = answers
        self._slow = slow
        self._changed = changed
        self.source: Source | None = None
        self.spans: Spans = {}
        self.values: FormValues | None = None
        self.rows: list[FormRow] = []
        """The lines of its form."""
        self.tasks: list[Task] | None = None
        self.problem: Problem | None = None
        self.listing = False
        """True while its tasks are asked for."""
        self.wants_tasks = False
        self._look: _Look | None = None
        self._reread: tuple[Stamp | None, ...] = ()
        """The state on disk for which the source was read again: once, if it cannot be read."""

    @property
    def ready(self) -> bool:
        """True once it is known which values file it has."""
        return self.values is not None

    def command_line(self, mode: tuple[str, ...]) -> str:
        """Return the command line that runs it, with masked secrets; ``mode``: further options."""
        return shown_line(self.state.form(), self._target, mode, self._secret_words)

    def copied_line(self, mode: tuple[str, ...]) -> CommandLine:
        """Return the command line for a shell. Raises SlothError if it is too long."""
        return copied_line(self.state.form(), self._target, mode, self._secret_words)

    def request_for(self) -> Callable[..., RunRequest]:
        """Return what makes the request for a run, on a thread; see
        :func:`sloth_tui.tui.services.task_files.make_request`."""
        return partial(make_request, self.state.form(), self._services.agent, self._services.settings)

    @property
    def _target(self) -> Target:
        return Target(self._services.agent, self._services.elsewhere)

    @property
    def _secret_words(self) -> tuple[str, ...]:
        return tuple(self._services.settings.secret_segments)

    def begin(self) -> None:
        """Read it."""
        self.read_source()
        self.read_values()
        self._answers.drop("look")
        self._slow.drop("tasks")

    def read_source(self) -> None:
        self._answers.ask("source", partial(read_source, self.state.file), self._take_source)

    def read_values(self) -> None:
        """Find the values file, unless one was chosen, and read it; then list the tasks, if wanted."""
        work = partial(_read, self.state.copy(), self._secret_words, self._services.settings.grace)
        self._answers.ask("form", work, self._take_values)

    def list_tasks(self) -> None:
        """List its tasks now, and whenever the file or its values change."""
        self.wants_tasks = True
        if not self.ready:
            return
        self.listing = True
        self._changed("tasks")
        settings, agent = self._services.settings, self._services.agent
        work = partial(tasks_of, self.state.form(), agent, settings)
        self._slow.ask("tasks", work, self._take_tasks, self._take_problem)

    def look(self) -> None:
        """Read again what changed on disk."""
        work = partial(_look_at, self.state.file, self.state.values_file)
        self._answers.ask("look", work, self._compare)

    def _compare(self, now: _Look) -> None:
        source = self.source
        if source is not None and source.stamp != now.source and self._reread != (now.source,):
            self._reread = (now.source,)
            self.read_source()
        if self._look is not None and self._look != now:
            self._look = now
            self.read_values()

    def _take_source(self, source: Source) -> None:
        same = self.source is not None and self.source.lines == source.lines
        self.source = source
        self._changed("source")
        if same:
            self._changed("colours")
            return
        self.spans = {}
        colour = partial(colour_lua, source.lines, self._answers.turn("colours"))
        self._answers.ask("colours", colour, self._take_colours)

    def _take_colours(self, spans: Spans) -> None:
        self.spans = spans
        self._changed("colours")

    def _take_values(self, read: _Read) -> None:
        self.state.values_file, self._look, self.values, self.rows = read
        self._changed("form")
        if self.wants_tasks:
            self.list_tasks()

    def _take_tasks(self, tasks: list[Task]) -> None:
        self.tasks, self.problem, self.listing = tasks, None, False
        self._changed("tasks")

    def _take_problem(self, error: SlothError) -> None:
        words = error.message if error.hint is None else f"{error.message} ({error.hint})"
        self.tasks, self.problem, self.listing = None, Problem(words, self._line_in(error.message)), False
        self._changed("tasks")

    def _line_in(self, message: str) -> int | None:
        """Return the line of this file that a message names."""
        name = os.path.basename(self.state.file)
        found = re.search(rf"(?:^|[\s/]){re.escape(name)}:(\d+)", message)
        return None if found is None else int(found[1])


def _read(state: FormState, secret_words: tuple[str, ...], grace: float) -> _Read:
    """For threads."""
    if not state.values_chosen:
        state.values_file = find_values_file(state.file)
    # Before they are read: a change that comes meanwhile is found by the next look.
    look = _look_at(state.file, state.values_file)
    values = read_form_values(state.form())
    return _Read(state.values_file, look, values, form_rows(state, values, secret_words, grace))


def _look_at(file: str, values: str | None) -> _Look:
    """For threads."""
    there = None if values is None else stamp_of(values)
    return _Look(stamp_of(file), there, find_values_file(file))
