"""The request for a run, and the assignment that the supervisor sends to a worker."""

from __future__ import annotations

from typing import NamedTuple

MEBIBYTE = 1024 * 1024
DEFAULT_GRACE_SECONDS = 10.0
DEFAULT_FORKS = 5
LOCAL = ("local", "localhost")
"""The names of this machine in a task file."""


class RunRequest(NamedTuple):
    """One run of one task file."""

    file: str
    agent: str
    """The agent whose store the tasks read and write."""
    tasks: tuple[str, ...] = ()
    """Run only these and their dependencies; empty means all."""
    values: dict[str, object] = {}  # noqa: RUF012 - never mutated; a NamedTuple has no default_factory
    """The global ``values`` in Lua: JSON types only, see :mod:`sloth_tui.runner.inputs`."""
    timeout: float | None = None
    """Seconds for the whole run."""
    keep_going: bool = False
    """After a failure, still run the tasks that do not depend on the failed one."""
    memory_limit: int = 512 * MEBIBYTE
    """Bytes that all Lua values together may take."""
    output_limit: int = 16 * MEBIBYTE
    """Bytes of output of one task that are passed on; the rest is cut, and its size reported."""
    grace: float = DEFAULT_GRACE_SECONDS
    """Seconds that commands have to end once they are asked to, unless a command sets its own."""
    title: str = ""
    """The title that history shows; empty means ``run FILE``."""
    check: bool = False
    """Predict what would change, and change nothing."""
    diff: bool = False
    """Report how the content of files differs."""
    force: bool = False
    """Run tasks that are up to date, too."""
    forks: int = DEFAULT_FORKS
    """The number of hosts that a task with several acts on at the same time."""
    workflow: str | None = None
    """Run only the tasks of this workflow and their dependencies; None means all."""
    redraws: bool = False
    """Report lines of output that are not at their end, too, each as it reads so far."""


class RecoveryInfo(NamedTuple):
    """What the next worker needs to find out what a dead one did."""

    since: int
    """The last revision that was reported."""
    pid: int
    """The dead worker's. The locks that it took without with_lock are still held."""
    task: str | None
    ephemeral: tuple[tuple[str, str], ...] = ()
    """Name and holder of the locks that with_lock had taken and not released."""


class Assignment(NamedTuple):
    """The work of one worker process for a run. If a worker dies, another one gets the rest."""

    request: RunRequest
    run: str
    mode: str
    """``run``, ``list`` (load and plan only) or ``recover`` (report what a dead worker did)."""
    finished: dict[str, str] = {}  # noqa: RUF012 - never mutated
    """Results by task, of earlier workers of this run."""
    attempts: dict[str, int] = {}  # noqa: RUF012 - never mutated
    """Attempts by task, of earlier workers of this run."""
    recovery: RecoveryInfo | None = None
    started: bool = False
    """True if an earlier worker has announced the run."""
    host: str | None = None
    """The host for which the worker runs tasks; None: it runs those without several hosts."""
    lane: int = 0
    """The number of the host in the run, from 1; 0 without one."""
    stepwise: bool = False
    """True if the tasks to run are told one by one: an earlier worker has found tasks with several hosts."""


def lane_mark(run: str, lane: int) -> str:
    """Return what tells the commands of one host's worker from those of the others of a run."""
    return f"{run}-{lane}"


def encode_assignment(assignment: Assignment) -> bytes:
    """Return one line of JSON. It travels through a pipe: values may be secrets, and argv is public."""
    import json

    return json.dumps(assignment).encode() + b"\n"


def decode_assignment(line: bytes) -> Assignment:
    """Read a line of :func:`encode_assignment`."""
    import json

    request, run, mode, finished, attempts, recovery, *where = json.loads(line)
    file, agent, tasks, *rest = request
    return Assignment(
        RunRequest(file, agent, tuple(tasks), *rest),
        run,
        mode,
        finished,
        attempts,
        _recovery_info(*recovery) if recovery else None,
        *where,
    )


def _recovery_info(since: int, pid: int, task: str | None, ephemeral: list[list[str]]) -> RecoveryInfo:
    return RecoveryInfo(since, pid, task, tuple((name, holder) for name, holder in ephemeral))
