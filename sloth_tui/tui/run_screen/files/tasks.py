"""The tasks of the open file: their dependencies as a tree; choose some, or all."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from sloth_tui.cells import fit
from sloth_tui.text import display_text, format_duration, listed
from sloth_tui.tui.run_screen.files.graph import draw, implied
from sloth_tui.tui.widgets.cursor_view import CursorView

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.events import Resize

    from sloth_tui.tui.run_screen.files.graph import Line
    from sloth_tui.tui.services.task_files import Task

_NAME_CHARACTERS = 200
_GAP = "  "
_LEAST_OF_NOTE = 8
_FACTS = 3
"""Lines about the task under the cursor."""


class TaskList(CursorView):
    """A line for each task: whether it runs, its place in the tree, hosts and description."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "choose", "Choose", show=False),
        Binding("enter", "go", "To its source", show=False),
    ]

    class Moved(Message):
        """The cursor is on another task."""

    class Toggled(Message):
        """The person wants to change whether this task is chosen."""

        def __init__(self, task: str) -> None:
            super().__init__()
            self.task = task

    class Entered(Message):
        """The person wants to see the source of a task; None: what the tasks are not known for."""

        def __init__(self, task: Task | None) -> None:
            super().__init__()
            self.task = task

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # the framework's name
        super().__init__(id=id)
        self._tree: list[Line] = []
        self._marks: dict[str, str] = {}
        self._name_ends: list[int] = []

    def show(self, tree: list[Line], marks: dict[str, str]) -> None:
        """Show these tasks; ``marks``: a sign for each. The cursor stays on its task."""
        on = self.current
        self._tree, self._marks = tree, marks
        names = [line.task.name for line in tree]
        self._cursor = names.index(on.name) if on is not None and on.name in names else 0
        self._lay_out()

    @property
    def current(self) -> Task | None:
        """The task under the cursor."""
        return self._tree[self.cursor].task if self.cursor < len(self._tree) else None

    def on_resize(self, event: Resize) -> None:
        super().on_resize(event)
        self._lay_out()

    def paint(self, number: int) -> Content:
        line, text = self._tree[number], self.lines[number]
        end = self._name_ends[number]
        mark = self._marks.get(line.task.name, " ")
        style = {"✓": "bold $success", "↑": "$secondary", "·": "$primary"}.get(mark, "$quiet")
        name = "$foreground" if mark.strip() else "$quiet"
        tree = 2 + len(line.branches)
        return (
            Content(text)
            .stylize(style, 0, 1)
            .stylize("$quiet", 2, tree)
            .stylize(name, tree, end)
            .stylize("$quiet", end)
        )

    def walked(self) -> None:
        self.post_message(self.Moved())

    def clicked(self, *, again: bool) -> None:
        if again:
            self.action_choose()

    def action_choose(self) -> None:
        if self.current is not None:
            self.post_message(self.Toggled(self.current.name))

    def action_go(self) -> None:
        self.post_message(self.Entered(self.current))

    def _lay_out(self) -> None:
        room, lines, self._name_ends = self._room(), [], []
        column = max((cell_len(self._head(line)) for line in self._tree), default=0)
        column = min(column, room // 2)
        for line in self._tree:
            head = self._head(line)
            note = "  ".join(_notes(line))
            free = room - max(cell_len(head), column) - len(_GAP)
            if note and free >= _LEAST_OF_NOTE:
                text = fit(head, max(cell_len(head), column)) + _GAP + fit(note, free)
            else:
                text = fit(head, room)
            lines.append(text)
            self._name_ends.append(min(len(head), len(text)))
        self.set_lines(lines)
        self._follow()

    def _head(self, line: Line) -> str:
        mark = self._marks.get(line.task.name, " ")
        return f"{mark} {line.branches}{display_text(line.task.name, _NAME_CHARACTERS)}"


class TasksView(Vertical):
    """The list, what is to be said of it, and facts about the task under the cursor."""

    DEFAULT_CSS = f"""
    TasksView TaskList {{ height: 1fr; }}
    TasksView > .tasks-state {{ height: 1; color: $quiet; text-wrap: nowrap; text-overflow: ellipsis; }}
    TasksView > .tasks-facts {{
        height: auto; max-height: {_FACTS + 1}; color: $quiet; border-top: solid $edge; display: none;
    }}
    TasksView.some > .tasks-facts {{ display: block; }}
    """

    class Chosen(Message):
        """Other tasks are chosen."""

    def __init__(self, *, id: str) -> None:  # noqa: A002  # the framework's name
        super().__init__(id=id)
        self.tasks: list[Task] = []
        self.chosen: list[str] = []
        """Names of the chosen tasks; empty: all run."""
        self.workflow: str | None = None
        self._tree: list[Line] = []

    def compose(self) -> ComposeResult:
        yield Static(classes="tasks-state")
        yield TaskList(id="task-list")
        yield Static(classes="tasks-facts")

    def say(self, words: str) -> None:
        """Show no tasks, but these words."""
        self.tasks, self._tree = [], []
        self._draw(words)

    def show(self, tasks: list[Task]) -> None:
        """Show the tasks of the file. Of those that were chosen, the ones that are still there stay so."""
        self.tasks, self._tree = tasks, draw(tasks)
        names = {task.name for task in tasks}
        self.chosen = [name for name in self.chosen if name in names]
        self._draw()

    def choose(self, chosen: list[str], workflow: str | None) -> None:
        """Choose these tasks, without a message."""
        self.chosen, self.workflow = list(chosen), workflow
        self._draw()

    @property
    def workflows(self) -> list[str]:
        """The names of the workflows of the file."""
        return list(dict.fromkeys(name for task in self.tasks for name in task.workflows))

    def choose_all(self) -> None:
        """Choose no task in particular, or each one if none is."""
        self.chosen = [] if self.chosen else [task.name for task in self.tasks]
        self._tell()

    def on_task_list_toggled(self, event: TaskList.Toggled) -> None:
        event.stop()
        if event.task in self.chosen:
            self.chosen.remove(event.task)
        else:
            self.chosen.append(event.task)
        self._tell()

    def on_task_list_moved(self, event: TaskList.Moved) -> None:
        event.stop()
        self._show_facts()

    def _tell(self) -> None:
        self._draw()
        self.post_message(self.Chosen())

    def _draw(self, words: str = "") -> None:
        picked = [*self.chosen]
        if self.workflow is not None:
            picked += [task.name for task in self.tasks if self.workflow in task.workflows]
        brought = implied(self.tasks, picked)
        marks = dict.fromkeys(brought, "↑") | dict.fromkeys(picked, "✓")
        if not picked:
            marks = {task.name: "·" for task in self.tasks}
        self.set_class(bool(self.tasks), "some")
        self.query_one(TaskList).show(self._tree, marks)
        self.query_one(".tasks-state", Static).update(Content(words or self._state(picked, brought)))
        self._show_facts()

    def _state(self, picked: list[str], brought: set[str]) -> str:
        if not picked:
            return "all run · space chooses some"
        also = f", {len(brought):,} ↑ because they depend on them" if brought else ""
        return f"{len(set(picked)):,} of {len(self.tasks):,} chosen{also}"

    def _show_facts(self) -> None:
        task = self.query_one(TaskList).current
        if task is not None:
            self.query_one(".tasks-facts", Static).update(Content("\n".join(_facts(task)[:_FACTS])))


def _notes(line: Line) -> list[str]:
    """Return what stands behind the name of a task."""
    task = line.task
    hosts = listed(list(task.hosts), 3) or task.delegate_to
    notes = [f"@{display_text(hosts, _NAME_CHARACTERS)}"] if hosts else []
    if line.also:
        notes.append(f"after {display_text(listed(list(line.also), 3), _NAME_CHARACTERS)}")
    if task.description:
        notes.append(display_text(task.description, _NAME_CHARACTERS))
    return notes


def _facts(task: Task) -> list[str]:
    """Return lines about one task."""
    facts = [display_text(task.description, 2 * _NAME_CHARACTERS)] if task.description else []
    where = listed(list(task.hosts), 8) or task.delegate_to
    parts = [f"{task.file}:{task.line}"]
    parts += [f"on {where}"] if where else []
    parts += [f"after {listed(list(task.depends_on), 8)}"] if task.depends_on else []
    facts.append(" · ".join(display_text(part, _NAME_CHARACTERS) for part in parts))
    more = [f"at most {format_duration(task.timeout)}"] if task.timeout is not None else []
    more += [f"tried again {task.retries} times"] if task.retries else []
    more += [f"in {listed(list(task.workflows), 5)}"] if task.workflows else []
    return [*facts, display_text(" · ".join(more), 2 * _NAME_CHARACTERS)] if more else facts
