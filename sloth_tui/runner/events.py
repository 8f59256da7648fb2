"""The events of a run. Each is one JSON line.

A line is an object whose ``event`` names the kind (snake case of the class), followed by the
event's fields in the order below. Times are unix seconds, durations seconds. Fields are only ever added.

Order: first the output of loading the file, then ``run_started``, then for each task ``task_started``, its
output, resources, key changes, warnings, and ``task_finished``. If the changes of a failed run are undone,
one ``key_restored`` for every key follows. ``run_finished`` comes last, always and once. A skipped task has a
``task_finished`` only. A file that cannot be run has no ``run_started``.

A task for several hosts has all this once for each host, with ``host`` set. The events of hosts that act at
the same time alternate; those of each host are in order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias, get_args

if TYPE_CHECKING:
    from sloth_tui.model import Value


class RunStarted(NamedTuple):
    """The file is loaded, and the order of its tasks is known."""

    run: str
    """Id of the run; the history of every key it changes carries it."""
    file: str
    agent: str
    tasks: list[str]
    """Names of the tasks, in the order they run."""
    at: float
    check: bool = False
    """True if the run only predicts what it would change."""
    hosts: dict[str, list[str]] | None = None
    """The hosts of each task that runs for several; None if there is no such task."""


class TaskStarted(NamedTuple):
    """A task begins. Its attempts have no events of their own."""

    task: str
    at: float
    host: str | None = None
    """The host that the task runs for, if its ``delegate_to`` names several; so in the events below."""


class TaskOutput(NamedTuple):
    """A task printed one line; it is without its line feed. Carriage returns within it are kept: after each,
    the line begins anew."""

    task: str | None
    """None while the file itself is loaded."""
    stream: str
    """``print``, ``stdout``, ``stderr`` or ``log``."""
    text: str
    """Bytes that are not UTF-8 appear as ``\\xNN``."""
    host: str | None = None
    partial: bool = False
    """The line is not at its end yet: the next output of this task, host and stream is the same line, written
    anew. Only if the request asks for it; never in ``-o jsonl``."""


class KeyChanged(NamedTuple):
    """A task changed a key, and that is committed."""

    task: str | None
    key: str
    old: Value | None
    """None: it was absent."""
    new: Value | None
    """None: it was deleted."""
    revision: int
    shortened: bool = False
    """``old`` or ``new`` is only the beginning of a long value, as text."""
    secret: bool = False
    """History keeps no values of this key; ``old`` and ``new`` are None."""
    created: bool = False
    """The key was absent before."""
    deleted: bool = False
    """The key is absent now."""
    predicted: bool = False
    """Nothing was stored: the run only predicts."""
    host: str | None = None


class Resource(NamedTuple):
    """Something that a task wants to be so: whether it was changed, or in check mode would be."""

    task: str | None
    """None while the file itself is loaded."""
    host: str
    """The host that it is on; ``local`` is this machine, and ``localhost`` if a list of hosts names it so."""
    kind: str
    """``file``, ``directory``, ``link``, ``line``, ``block``, ``tree``, ``command``, ``package``,
    ``service``, ``user``, or in check mode ``lock``: one that a run would find held, which is no change and
    not counted."""
    name: str
    """A path, a command on one line, or a name."""
    changed: bool
    predicted: bool
    """True in check mode."""
    what: list[str]
    """What differs: ``content``, ``mode 0600 -> 0644``, ``owner``, ``group``, ``created``, ``removed``,
    ``target``, ``installed``, ``started``, ``stopped``, ``enabled``, ``disabled``, ``shell /bin/sh ->
    /bin/bash``, ``comment``, ``added to docker``; of a command that was skipped: the guard; of a lock: what
    a run would meet."""
    diff: str | None = None
    """A unified diff, if it was asked for (``--diff``)."""
    shortened: int = 0
    """The number of lines of the diff that were left out."""
    uncertain: str | None = None
    """The command that has to run before, and was not, so that the prediction is uncertain."""
    task_host: str | None = None
    """The host that the task runs for, as ``host`` in the other events."""


class KeyRestored(NamedTuple):
    """The run failed, and its changes of this key were undone."""

    key: str
    old: Value | None
    """The value that the run left; None: the key was absent."""
    new: Value | None
    """The value that the key has again; None: it is absent again."""
    revision: int
    shortened: bool = False
    """As in KeyChanged, like the three fields below."""
    secret: bool = False
    created: bool = False
    deleted: bool = False


class Warned(NamedTuple):
    """A person should know this, though it is not a failure: a lock left behind, output cut."""

    task: str | None
    message: str
    host: str | None = None


class Stopping(NamedTuple):
    """Processes that commands started were asked to end, and some still run."""

    task: str | None
    processes: int
    """How many were asked."""
    seconds: float
    """The time after which the rest are killed."""
    host: str | None = None


class TaskFinished(NamedTuple):
    """A task ended, or is not run."""

    task: str
    result: str
    """``done``, ``failed``, ``timeout``, ``cancelled`` or ``skipped``."""
    duration: float
    changed: int
    """The number of key changes it made."""
    error: str | None
    """Why it failed or was skipped, after ``file.lua:LINE:`` if a line caused it."""
    trace: str | None
    """The Lua traceback, for ``--debug``."""
    host: str | None = None
    resources: int = 0
    """The number of resources that were, or would be, changed."""
    ok: int = 0
    """The number of resources that were as wanted."""
    up_to_date: bool = False
    """It did not run, because its sources and what it creates are as they were when it last succeeded."""


class RunFinished(NamedTuple):
    """The run ended; nothing follows."""

    run: str
    result: str
    """``done``, ``failed``, ``timeout``, ``cancelled`` or ``error`` (the file could not be run at all)."""
    exit_code: int
    duration: float
    error: str | None
    """What went wrong with the run as a whole."""
    hint: str | None
    trace: str | None = None
    """The Lua traceback of a file that failed while it was loaded, for ``--debug``."""
    would_change: bool = False
    """True if a run that only predicts found something that would change."""


RunEvent: TypeAlias = (
    RunStarted
    | TaskStarted
    | TaskOutput
    | KeyChanged
    | Resource
    | KeyRestored
    | Warned
    | Stopping
    | TaskFinished
    | RunFinished
)


def is_partial(event: RunEvent) -> bool:
    """True for output whose line is not at its end."""
    return isinstance(event, TaskOutput) and event.partial


def _name(kind: type[RunEvent]) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in kind.__name__)[1:]


KINDS: dict[str, type[RunEvent]] = {_name(kind): kind for kind in get_args(RunEvent)}
"""The kinds by their names: ``task_started`` for TaskStarted."""
