"""Run task files in a real supervisor and worker, and give access to their events."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sloth_tui.runner.events import KeyChanged, RunFinished, RunStarted, TaskFinished, TaskOutput, Warned
from sloth_tui.runner.request import RunRequest
from sloth_tui.runner.supervision.supervisor import Supervisor
from sloth_tui.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sloth_tui.model import Value
    from sloth_tui.runner.events import RunEvent
    from sloth_tui.runner.lua.sandbox import Sandbox

DATA = Path(__file__).parent.parent / "data"
E = TypeVar("E")
T = TypeVar("T")
FAILS = """
    local function fails(...)
        local ok, message = pcall(...)
        assert(not ok, "should have failed")
        print((message:gsub("^tasks.lua:%d+: ", "")))
    end
"""
"""Lua: call what must fail, and print its message without the position."""


class Told:
    """The events of a run."""

    def __init__(self, events: Iterable[RunEvent]) -> None:
        self.events = list(events)

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def end(self) -> RunFinished:
        (end,) = self.of(RunFinished)
        assert self.events[-1] is end
        return end

    @property
    def order(self) -> list[str]:
        (started,) = self.of(RunStarted)
        return started.tasks

    @property
    def results(self) -> dict[str, str]:
        return {event.task: event.result for event in self.of(TaskFinished)}

    @property
    def errors(self) -> dict[str, str]:
        return {event.task: event.error for event in self.of(TaskFinished) if event.error}

    @property
    def lines(self) -> list[str]:
        return [event.text for event in self.of(TaskOutput)]

    @property
    def warnings(self) -> list[str]:
        return [event.message for event in self.of(Warned)]

    @property
    def changes(self) -> list[tuple[str, Value | None, Value | None]]:
        return [(event.key, event.old, event.new) for event in self.of(KeyChanged)]


def lua_function(sandbox: Sandbox, source: str, name: str = "test.lua") -> Any:
    """A function of the world task code lives in, for tests that need no worker."""
    return sandbox._kit[b"env"][b"load"](source.encode(), b"@" + name.encode())


def write(directory: Path, text: str | bytes, name: str = "tasks.lua") -> str:
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(path)


def run_file(path: str, **options: Any) -> Told:
    return Told(Supervisor(RunRequest(path, "local", **options)).events())


def run_text(directory: Path, text: str | bytes, **options: Any) -> Told:
    return run_file(write(directory, text), **options)


def run_task(directory: Path, body: str, **options: Any) -> Told:
    """Run one task, ``only``, with this body."""
    return run_text(directory, f'task({{name = "only", run = function()\n{body}\nend}})', **options)


def errors_of(directory: Path, bodies: Iterable[str], **options: Any) -> list[str | None]:
    """Run one task with each of these bodies, in one run; return how each failed, with no position in
    front of it, or None. A message must begin with the position of its body."""
    text, starts = "", []
    for number, body in enumerate(bodies):
        text += f'task({{name = "{number}", run = function()\n'
        starts.append((text.count("\n") + 1, body.count("\n") + 1))
        text += f"{body}\nend}})\n"
    told = run_text(directory, text, keep_going=True, **options)
    errors = []
    for number, (first, lines) in enumerate(starts):
        error = told.errors.get(str(number))
        if error is not None:
            file, line, error = error.split(":", 2)
            assert file == "tasks.lua", told.errors
            assert first <= int(line) < first + lines, told.errors
        errors.append(error and error.strip())
    return errors


def lines_of(directory: Path, body: str, **options: Any) -> list[str]:
    """Return what one task with this body prints; the task must succeed."""
    told = run_task(directory, body, **options)
    assert told.end.result == "done", told.errors or told.end
    return told.lines


def within_limits(attempt: Callable[[str], T], reached: Callable[[T], object]) -> T:
    """Return what ``attempt`` returns for a limit in seconds, as Lua and messages write it.

    The limit is to interrupt what ``reached`` looks for. On a busy machine it may come before that: then
    there is another attempt with a longer one.
    """
    for seconds in ("0.6", "3", "25"):
        outcome = attempt(seconds)
        if reached(outcome):
            break
    return outcome


def stored(agent: str = "local") -> dict[str, Value]:
    with open_store(agent) as store:
        return dict(store.items())


def put(**values: Value) -> None:
    with open_store("local", "write") as store:
        store.set_many(values)
