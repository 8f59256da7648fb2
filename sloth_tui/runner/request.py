"""What is asked of a run, and how the supervisor tells its worker."""

from __future__ import annotations

from typing import NamedTuple

MEBIBYTE = 1024 * 1024
DEFAULT_GRACE = 10.0


class RunRequest(NamedTuple):
    """One run of one task file."""

    file: str
    agent: str
    """Whose store the tasks read and write."""
    tasks: tuple[str, ...] = ()
    """Only these and what they depend on; empty means all."""
    values: dict[str, object] = {}  # noqa: RUF012 - never mutated; a NamedTuple has no default_factory
    """What Lua sees as ``values``: JSON types only, see :mod:`sloth_tui.runner.inputs`."""
    timeout: float | None = None
    """Seconds for the whole run."""
    keep_going: bool = False
    """After a failure, still run the tasks that do not depend on the failed one."""
    memory_limit: int = 512 * MEBIBYTE
    """Bytes all Lua values together may take."""
    output_limit: int = 16 * MEBIBYTE
    """Bytes of output of one task that are passed on; what is beyond is counted and cut."""
    grace: float = DEFAULT_GRACE
    """Seconds that commands get to end, once they are asked to, unless they have some of their own."""
    title: str = ""
    """What history shows as asked for; empty means ``run FILE``."""


class Aftermath(NamedTuple):
    """What a worker that died left to be found out by another one."""

    since: int
    """The last revision of the run that was reported."""
    pid: int
    """The worker that died: locks it owned and were not tied to it are still held."""
    task: str | None
    tied: tuple[tuple[str, str], ...] = ()
    """Name and holder of the locks that with_lock had taken and not given back."""


class Assignment(NamedTuple):
    """What one worker process is to do for a run. Several serve a run whose workers die."""

    request: RunRequest
    run: str
    mode: str
    """``run``, ``list`` (load and plan only) or ``settle`` (report what a dead worker left)."""
    finished: dict[str, str] = {}  # noqa: RUF012 - never mutated
    """Tasks that earlier workers of this run dealt with, and their results."""
    attempts: dict[str, int] = {}  # noqa: RUF012 - never mutated
    """How often earlier workers tried a task."""
    aftermath: Aftermath | None = None
    started: bool = False
    """An earlier worker has announced the run."""


def encode_assignment(assignment: Assignment) -> bytes:
    """One line of JSON. It travels through a pipe: values may be secrets, and argv is public."""
    import json

    return json.dumps(assignment).encode() + b"\n"


def decode_assignment(line: bytes) -> Assignment:
    import json

    request, run, mode, finished, attempts, aftermath, started = json.loads(line)
    file, agent, tasks, *rest = request
    return Assignment(
        RunRequest(file, agent, tuple(tasks), *rest),
        run,
        mode,
        finished,
        attempts,
        _aftermath(*aftermath) if aftermath else None,
        started,
    )


def _aftermath(since: int, pid: int, task: str | None, tied: list[list[str]]) -> Aftermath:
    return Aftermath(since, pid, task, tuple((name, holder) for name, holder in tied))
