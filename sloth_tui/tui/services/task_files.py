"""Task files: which ones come with the program, their tasks and values, and requests to run them.

Every method reads files, some start a process: call them on a thread.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import PassphraseNeeded, SlothError, UsageError
from sloth_tui.runner import examples
from sloth_tui.runner.inputs import assign, load_values, read_values
from sloth_tui.runner.inputs import parse_yaml as parse_yaml
from sloth_tui.runner.request import DEFAULT_FORKS, RunRequest
from sloth_tui.runner.supervision.listing import list_tasks
from sloth_tui.store.worker_keys import keys_for_worker

if TYPE_CHECKING:
    from sloth_tui.runner.plan import Task as Task
    from sloth_tui.settings import Settings

VALUES_ENDINGS = (".yaml", ".yml", ".json", ".toml")


class Example(NamedTuple):
    """A task file that comes with the program."""

    name: str
    path: str
    summary: str


class RunForm(NamedTuple):
    """All that a person chose for runs of a file."""

    file: str
    example: str | None = None
    """The name of the example that the file is; None if it is none."""
    values_file: str | None = None
    sets: tuple[str, ...] = ()
    """``a.b=c`` as ``--set`` takes it, in order; so the next two."""
    texts: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    """Only these and their dependencies; empty: all."""
    workflow: str | None = None
    timeout: float | None = None
    """Seconds."""
    grace: float | None = None
    """Seconds; None: as the settings say."""
    forks: int | None = None
    keep_going: bool = False
    force: bool = False


class FormValues(NamedTuple):
    """The values of a run."""

    from_file: dict[str, object]
    """Those of the values file alone."""
    result: dict[str, object]
    """Those that the tasks see."""
    problem: str
    """Why the result is not complete; empty if it is."""


def list_examples() -> list[Example]:
    """Return the files that come with the program, by name."""
    return [Example(name, examples.path(name), examples.summary(name)) for name in examples.names()]


def find_values_file(file: str) -> str | None:
    """Return the path of the values file beside a task file: ``deploy.values.yaml`` for ``deploy.lua``, else
    ``values.yaml``, each as ``.yml``, ``.json`` and ``.toml``, too. None: there is none."""
    folder, name = os.path.split(file)
    stem = os.path.splitext(name)[0]
    for beginning in (f"{stem}.values", "values"):
        for ending in VALUES_ENDINGS:
            path = os.path.join(folder, beginning + ending)
            with suppress(ValueError):
                if os.path.isfile(path):
                    return path
    return None


def read_form_values(form: RunForm) -> FormValues:
    """Read the values of a form. Never raises: what cannot be read is a problem, and the rest is there."""
    base: dict[str, object] = {}
    try:
        if form.values_file is not None:
            base = load_values(form.values_file)
        result = read_values(form.values_file, form.sets, form.texts, form.documents)
    except SlothError as error:
        return FormValues(
            base, base, error.message if error.hint is None else f"{error.message} ({error.hint})"
        )
    return FormValues(base, result, "")


def make_request(
    form: RunForm, agent: str, settings: Settings, *, check: bool = False, diff: bool = False
) -> RunRequest:
    """Return the request that headless ``run`` would make of the same. Raises UsageError."""
    return RunRequest(
        form.file,
        agent,
        tasks=form.tasks,
        values=read_values(form.values_file, form.sets, form.texts, form.documents),
        timeout=form.timeout,
        keep_going=form.keep_going,
        grace=settings.grace if form.grace is None else form.grace,
        title="" if form.example is None else f"run --example {form.example}",
        check=check,
        diff=diff,
        force=form.force,
        forks=DEFAULT_FORKS if form.forks is None else form.forks,
        workflow=form.workflow,
    )


def tasks_of(form: RunForm, agent: str, settings: Settings) -> list[Task]:
    """Return all tasks of a file in the order they would run, whichever are chosen. Raises SlothError, as
    :func:`sloth_tui.runner.supervision.listing.list_tasks` and for values."""
    request = make_request(form._replace(tasks=(), workflow=None, timeout=None), agent, settings)
    try:
        keys = keys_for_worker(agent)
    except PassphraseNeeded:
        keys = b""
    return list_tasks(request, keys)


def parse_scalar(text: str) -> object:
    """Return the value that ``--set`` reads in a text. Raises ValueError."""
    values: dict[str, object] = {}
    try:
        assign(values, f"v={text}")
    except UsageError as error:
        raise ValueError(error.message.rpartition("': ")[2]) from None
    return values["v"]


def check_assignment(text: str, flag: str) -> None:
    """Raise UsageError if this is nothing to assign: ``a.b=c``."""
    assign({}, text, flag)
