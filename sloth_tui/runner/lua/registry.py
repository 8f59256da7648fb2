"""Collect the tasks that a file defines."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

from sloth_tui.errors import UsageError
from sloth_tui.runner.lua.convert import host_function, text_from_lua
from sloth_tui.runner.plan import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


MOST_TASKS = 100_000
LONGEST_NAME = 256
"""Characters. Bounded because the supervisor keeps the names of all tasks."""


class Registry:
    """Tasks in the order of their definition. Lua numbers their functions in the same way, from 1."""

    def __init__(self) -> None:
        self.tasks: list[Task] = []
        self.warnings: list[str] = []
        """What a person should know who runs the file."""
        self.title = ""
        """What the file calls its changes in the history; empty if it does not."""
        self._numbers: dict[str, int] = {}

    def functions(self) -> dict[str, Callable[..., object]]:
        """Return the host functions that task.lua calls, by name."""
        return {
            "register": host_function(self._register),
            "forget": host_function(self._forget),
            "warn": host_function(self._warn),
            "entitle": host_function(self._entitle),
        }

    def number(self, name: str) -> int:
        """Return the number of a task, from 1."""
        return self._numbers[name]

    def _forget(self) -> object:
        self.tasks.clear()
        self._numbers.clear()
        return (True,)

    def _entitle(self, title: object) -> object:
        self.title = text_from_lua(title, "stack")
        return (True,)

    def _warn(self, message: object) -> object:
        self.warnings.append(cast("bytes", message).decode("utf-8", "backslashreplace"))
        return (True,)

    def _register(
        self,
        name: object,
        description: object,
        delegate_to: object,
        timeout: object,
        retries: object,
        file: object,
        line: object,
        delays: bytes,
        despite: bytes,
        workflow_timeout: object,
        hosts: int,
        sources: int,
        creates: int,
        workflows: int,
        *texts: object,
    ) -> object:
        """``hosts``, ``sources``, ``creates`` and ``workflows``: how many of ``texts`` are these, in this
        order. The rest are dependencies. ``delays``: seconds, with spaces between them."""
        text = _name(name)
        if len(self.tasks) == MOST_TASKS:
            raise UsageError(f"a file may define at most {MOST_TASKS:,} tasks")
        names = _hosts(texts[:hosts])
        paths = texts[hosts:]
        others = sources + creates
        depends_on = paths[others + workflows :]
        self._numbers[text] = len(self.tasks) + 1
        self.tasks.append(
            Task(
                text,
                _optional(description, "description"),
                tuple(dict.fromkeys(text_from_lua(other, "depends_on") for other in depends_on)),
                _optional(delegate_to, "delegate_to"),
                float(cast("float", timeout)) if timeout is not None else None,
                cast("int", retries),
                cast("bytes", file).decode("utf-8", "backslashreplace"),
                cast("int", line),
                _paths("sources", paths[:sources]),
                _paths("creates", paths[sources:others]),
                names,
                tuple(map(float, delays.split())),
                tuple(text_from_lua(each, "workflow") for each in paths[others : others + workflows]),
                float(cast("float", workflow_timeout)) if workflow_timeout is not None else None,
                despite.decode(),
            )
        )
        return (True,)


def _name(data: object) -> str:
    text = text_from_lua(data, "name")
    if "\0" in text or "\n" in text:
        raise UsageError("name must be one line of text")
    if len(text) > LONGEST_NAME:
        raise UsageError(f"name must not be longer than {LONGEST_NAME} characters, got {len(text):,}")
    return text


def _paths(field: str, texts: Sequence[object]) -> tuple[str, ...]:
    paths = tuple(os.fsdecode(cast("bytes", text)) for text in texts)
    if any(not path or "\0" in path for path in paths):
        raise UsageError(f"{field} must not be empty or contain NUL")
    return paths


def _hosts(names: Sequence[object]) -> tuple[str, ...]:
    hosts = [text_from_lua(name, "delegate_to") for name in names]
    for index, host in enumerate(hosts):
        if not host or not host.isprintable():
            raise UsageError("delegate_to must be a list of names, each one line of text")
        if host in hosts[:index]:
            raise UsageError(f"delegate_to names '{host}' twice")
    return tuple(hosts)


def _optional(data: object, argument: str) -> str | None:
    return None if data is None else text_from_lua(data, argument)
