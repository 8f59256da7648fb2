"""``lock run``: run a command while a lock is held."""

from __future__ import annotations

import os

from sloth_tui.cli.commands import tell, writing
from sloth_tui.cli.parsing.spec import COMMAND, WHOSE, Arguments, Command, Option, Positional, utf8
from sloth_tui.errors import LockHeld, LockLost, SlothError, UsageError
from sloth_tui.values.parse import grace, seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.cli.under_lock.command import Command as Running
    from sloth_tui.cli.under_lock.watchdog import Watchdog
    from sloth_tui.model import Lock
    from sloth_tui.store.port import Store

_TTL_SECONDS, _GRACE_SECONDS = 30.0, 10.0


def run(arguments: Arguments, out: Output) -> int:
    # Both processes are forked before anything is opened: threads and connections do not survive a fork.
    from sloth_tui.cli.under_lock.command import Command as Running
    from sloth_tui.cli.under_lock.watchdog import Watchdog
    from sloth_tui.store import hide_keys

    hide_keys()
    command = Running(arguments.command)
    try:
        watchdog = Watchdog(command.group, arguments.grace, command.pipes)
        try:
            with writing(arguments, f"lock run {arguments.name}") as store:
                return _run_under_lock(store, arguments, command, watchdog)
        finally:
            watchdog.stop()
    finally:
        command.close()


def _run_under_lock(store: Store, arguments: Arguments, command: Running, watchdog: Watchdog) -> int:
    from sloth_tui.cli.under_lock.command import exit_code
    from sloth_tui.cli.under_lock.lease import Lease
    from sloth_tui.cli.under_lock.supervision import Supervision

    lock, began = _acquire(store, arguments)
    lease = Lease(store, lock, arguments.ttl, began)
    try:
        failure = Supervision(command, lease, watchdog, arguments.grace).run(
            lambda: command.begin(lock.name, lock.token)
        )
    except LockLost as error:
        error.hint = "the command was ended"
        raise
    assert command.status is not None
    code = exit_code(command.status)
    try:
        lease.release()
    except LockLost as error:
        error.hint = f"the command had ended by itself with exit code {code}"
        raise
    if failure is not None:
        unable = SlothError(failure[1])
        unable.exit_code = failure[0]
        raise unable
    return code


def _acquire(store: Store, arguments: Arguments) -> tuple[Lock, int]:
    """Return the lock, and a moment before its lease began. Raises LockHeld with the exit code asked for,
    UsageError if a process that waits for this one holds it."""
    from sloth_tui.store.clock import SYSTEM_CLOCK

    name, holder = arguments.name, arguments.holder or _this_process()
    try:
        try:
            began = SYSTEM_CLOCK.now()
            return store.acquire(name, holder, arguments.ttl, ephemeral=True), began
        except LockHeld as error:
            _refuse_own(store, name)
            if not arguments.wait:
                raise
            tell(f"waiting for {error.message}")
        lock = store.acquire(name, holder, arguments.ttl, wait=arguments.wait, ephemeral=True)
        return lock, SYSTEM_CLOCK.now() - round((arguments.ttl - lock.remaining) * 1e9)
    except LockHeld as error:
        if arguments.conflict_exit_code is not None:
            error.exit_code = arguments.conflict_exit_code
        raise


def _refuse_own(store: Store, name: str) -> None:
    """Raise UsageError if the lock is held by a ``lock run`` that this one runs under: it would wait for
    itself."""
    from sloth_tui.store.process import host_name

    lock = store.lock(name)
    if lock is None or lock.owner is None or not lock.ephemeral or lock.owner.host != host_name():
        return
    if lock.owner.pid in _ancestors():
        raise UsageError(
            f"lock '{name}' is held by a process that waits for this one",
            hint="a lock run inside a lock run of the same name would wait for itself; name another lock",
        )


def _ancestors() -> set[int]:
    """Return the processes that this one comes from; only its parent where there is no procfs."""
    from sloth_tui.store.process import parent_of

    found: set[int] = set()
    pid: int | None = os.getppid()
    while pid and pid not in found:
        found.add(pid)
        pid = parent_of(pid)
    return found


def _this_process() -> str:
    from sloth_tui.origin import this_process

    origin = this_process("", "")
    return f"{origin.user}@{origin.host}:{origin.pid}"


def _code(word: str) -> int:
    """Return an exit code. Raises ValueError."""
    from sloth_tui.values.parse import integer

    code = integer(word)
    if not 0 <= code <= 255:
        raise ValueError(f"'{word}' is not an exit code from 0 to 255")
    return code


COMMANDS = (
    Command(
        ("lock", "run"),
        "run a command while a lock is held",
        run,
        positionals=[
            Positional("name", "NAME", "of the lock", convert=utf8, complete="locks"),
            Positional(
                "command", "COMMAND", "what to run, with its arguments", count=COMMAND, complete="files"
            ),
        ],
        options=[
            *WHOSE,
            Option(
                ("--ttl",),
                "how long the lock outlives this process if nobody can tell that it ended; default: 30",
                metavar="SECONDS",
                default=_TTL_SECONDS,
                convert=seconds,
            ),
            Option(
                ("--wait",),
                "how long to wait for it; default: not at all",
                metavar="SECONDS",
                default=0.0,
                convert=seconds,
            ),
            Option(("--holder",), "in whose name; default: USER@HOST:PID", metavar="H", convert=utf8),
            Option(
                ("--grace",),
                "time between SIGTERM and SIGKILL when the lock is lost; default: 10",
                metavar="SECONDS",
                default=_GRACE_SECONDS,
                convert=grace,
            ),
            Option(
                ("--conflict-exit-code",),
                "exit code if the lock is not got in time; default: 4",
                metavar="N",
                convert=_code,
            ),
        ],
        details=(
            "The lock is renewed while the command runs and released when it ends; its exit code is passed\n"
            "on (127: not found, 126: cannot be run, 128 and more: ended by a signal). Not got in time:\n"
            "exit code 4. Broken or run out, also because the machine slept: the command gets SIGTERM, 10\n"
            "seconds later SIGKILL, and the exit code is 6. The command has a process group of its own, the\n"
            "terminal, and SLOTH_LOCK_NAME and SLOTH_LOCK_TOKEN; signals are passed on to all of it. If\n"
            "this process is killed, so is the command, and the lock is free."
        ),
        example=(
            "sloth-runner lock run deployment -- make deploy\n"
            "sloth-runner lock run nightly --wait 600 --conflict-exit-code 75 -- ./backup.sh /srv"
        ),
    ),
)
