"""Complete command lines for shells, by the protocol of argcomplete.

Errors stay silent here: a person who presses Tab wants no error messages.
"""

from __future__ import annotations

import argparse
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

import argcomplete
from argcomplete.completers import ChoicesCompleter, FilesCompleter

from sloth_tui.cli.parsing.parser import tree
from sloth_tui.errors import ExitCode
from sloth_tui.runner import examples
from sloth_tui.settings import chosen_agent
from sloth_tui.store import open_agents, open_store
from sloth_tui.text import display_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sloth_tui.runner.plan import Task
    from sloth_tui.runs.model import Run
    from sloth_tui.store.port import Store

_LOADING_SECONDS = 2.0
"""The time for loading a task file: a person waits."""
_MAX_NAMES = 1000
"""The number of names to offer; more do not help."""


def complete() -> int:
    """Write the completions and exit the process, as argcomplete does; return only on failure."""
    with suppress(Exception):
        parser = tree()
        _attach(parser)
        argcomplete.autocomplete(
            parser, always_complete_options=False, default_completer=ChoicesCompleter({})
        )
    return ExitCode.FAILURE


def _attach(parser: argparse.ArgumentParser) -> None:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                _attach(below)
        elif (names := getattr(action, "completes", None)) is not None:
            completer = _LIVE.get(names) if isinstance(names, str) else _one_of(names)
            action.completer = completer  # type: ignore[attr-defined]


def _one_of(choices: tuple[str, ...]) -> Callable[..., Iterable[str]]:
    return lambda **_: choices


def _agents(parsed_args: argparse.Namespace, **_: object) -> Iterable[str]:
    return open_agents(_address(parsed_args)).names()


def _examples(**_: object) -> Iterable[str]:
    return examples.names()


def _keys(prefix: str, parsed_args: argparse.Namespace, **_: object) -> Iterable[str]:
    return _live(parsed_args, lambda store: store.keys(prefix))


def _locks(parsed_args: argparse.Namespace, **_: object) -> Iterable[str]:
    return _live(parsed_args, lambda store: (lock.name for lock in store.locks()))


def _task_names(parsed_args: argparse.Namespace, **_: object) -> Iterable[str]:
    return (task.name for task in _tasks(parsed_args))


def _workflows(parsed_args: argparse.Namespace, **_: object) -> Iterable[str]:
    return dict.fromkeys(name for task in _tasks(parsed_args) for name in task.workflows)


def _runs(prefix: str, **_: object) -> Iterable[str]:
    return (run.id for run in _kept_runs() if run.id.startswith(prefix))


def _going_runs(prefix: str, **_: object) -> Iterable[str]:
    return (run.id for run in _kept_runs() if run.going and run.id.startswith(prefix))


def _kept_runs() -> Iterable[Run]:
    from sloth_tui.runs.archive import Archive

    return Archive().runs()


def _tasks(parsed_args: argparse.Namespace) -> Iterable[Task]:
    """Return the tasks of the file on the command line, which is loaded, and may write nothing."""
    from sloth_tui.runner.request import RunRequest
    from sloth_tui.runner.supervision.listing import list_tasks

    if parsed_args.file is None:
        return ()
    agent = chosen_agent(getattr(parsed_args, "agent", None))
    names = list_tasks(RunRequest(parsed_args.file, agent, timeout=_LOADING_SECONDS))
    return [task for task in names if _can_be_typed(task.name)]


def _store(parsed_args: argparse.Namespace) -> Store:
    """Open the store to read. Warnings stay silent."""
    agent = chosen_agent(getattr(parsed_args, "agent", None))
    return open_store(agent, address=_address(parsed_args), brief=True)


def _address(parsed_args: argparse.Namespace) -> str | None:
    return getattr(parsed_args, "store", None)


def _live(parsed_args: argparse.Namespace, names: Callable[[Store], Iterator[str]]) -> Iterable[str]:
    """Return names in the store, without those that a shell would print raw or take for options."""
    with suppress(Exception), _store(parsed_args) as store:
        return [name for name in islice(names(store), _MAX_NAMES) if _can_be_typed(name)]
    return ()


def _can_be_typed(name: str) -> bool:
    return display_text(name) == name and not name.startswith("-")


_LIVE: dict[str, Callable[..., Iterable[str]]] = {
    "agents": _agents,
    "keys": _keys,
    "locks": _locks,
    "examples": _examples,
    "runs": _runs,
    "going runs": _going_runs,
    "files": FilesCompleter(),
    "tasks": FilesCompleter(("lua", "sloth")),
    "task names": _task_names,
    "workflows": _workflows,
    "shells": _one_of(("bash", "zsh", "fish")),
}
