"""``lock``: list the locks of an agent, and acquire, release or break one."""

from __future__ import annotations

from sloth_tui.cli.commands import reading, writing
from sloth_tui.cli.output.diagnostics import tell
from sloth_tui.cli.parsing.spec import (
    RECORDS,
    WHOSE,
    Arguments,
    Command,
    Option,
    Positional,
    output_option,
    utf8,
)
from sloth_tui.errors import ExitCode, SlothError
from sloth_tui.text import format_duration
from sloth_tui.values.parse import revision, seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.model import Lock
    from sloth_tui.store.port import Store


def list_locks(arguments: Arguments, out: Output) -> int:
    if arguments.broken:
        return _list_broken(arguments, out)
    with reading(arguments) as store:
        locks = store.locks()
    if arguments.output == "keys":
        for lock in locks:
            out.line(lock.name)
        return ExitCode.OK
    from sloth_tui.cli.output.records import write_locks

    if not write_locks(locks, arguments.output, out) and arguments.output == "table":
        tell("no lock is held")
    return ExitCode.OK


def _list_broken(arguments: Arguments, out: Output) -> int:
    from sloth_tui.cli.output.records import write_breaks

    with reading(arguments) as store:
        broken = store.lock_breaks()
    if arguments.output == "keys":
        for one in broken:
            out.line(one.name)
    elif not write_breaks(broken, arguments.output, out) and arguments.output == "table":
        tell("no lock was broken")
    return ExitCode.OK


def acquire(arguments: Arguments, out: Output) -> int:
    name, holder = arguments.name, arguments.holder
    with writing(arguments, f"lock {name}") as store:
        lock = store.acquire(name, holder, arguments.ttl, wait=arguments.wait)
        try:
            out.line(str(lock.token))
            out.deliver()
        except BaseException as error:
            # The caller would not know that it is held, nor its token.
            outcome = _release_untold(store, lock)
            if isinstance(error, SlothError):
                error.hint = outcome
            raise
    return ExitCode.OK


def _release_untold(store: Store, lock: Lock) -> str:
    """Release the lock if possible, and return what happened, as text."""
    try:
        store.release(lock.name, lock.holder, token=lock.token)
    except SlothError as error:
        return f"the lock is still held under token {lock.token}: {error.message}"
    return "the lock was released: its token could not be printed"


def release(arguments: Arguments, out: Output) -> int:
    with writing(arguments, f"unlock {arguments.name}") as store:
        store.release(arguments.name, arguments.holder)
    tell(f"released {arguments.name}")
    return ExitCode.OK


def break_lock(arguments: Arguments, out: Output) -> int:
    with writing(arguments, f"break lock {arguments.name}") as store:
        lock = store.break_lock(arguments.name)
    tell(f"broke {lock.name}, held by {lock.holder} for another {format_duration(lock.remaining)}")
    return ExitCode.OK


def history(arguments: Arguments, out: Output) -> int:
    from sloth_tui.cli.output.lock_records import write_uses

    with reading(arguments) as store:
        uses = store.lock_history(arguments.name, arguments.limit)
    if not write_uses(uses, arguments.output, out) and arguments.output == "table":
        tell("no acquisition is known")
    return ExitCode.OK


_NAME = Positional("name", "NAME", "of the lock", convert=utf8, complete="locks")
_HOLDER = Option(("--holder",), "in whose name", metavar="H", convert=utf8, required=True)

COMMANDS = (
    Command(
        ("lock", "list"),
        "list the locks that are held",
        list_locks,
        options=[
            *WHOSE,
            output_option("table", *RECORDS, "keys"),
            Option(("--broken",), "list instead the last 100 that were broken, and by whom"),
        ],
        details=(
            "Piped, the table is one lock a line, separated by tabs: name, holder, seconds remaining,\n"
            "token, acquired, owner (host:pid). The seconds are by a clock that cannot be set.\n"
            "Of broken ones it is, newest first: when, name, holder, token, author, title."
        ),
        example=(
            "sloth-runner lock list\nsloth-runner lock list --output json | jq '.[].holder'\n"
            "sloth-runner lock list --broken"
        ),
    ),
    Command(
        ("lock", "acquire"),
        "take a lock and print its token",
        acquire,
        positionals=[_NAME],
        options=[
            *WHOSE,
            _HOLDER,
            Option(
                ("--ttl",),
                "how long it lasts; may be a fraction, at most 30 days",
                metavar="SECONDS",
                convert=seconds,
                required=True,
            ),
            Option(
                ("--wait",),
                "how long to wait for it; default: not at all",
                metavar="SECONDS",
                default=0.0,
                convert=seconds,
            ),
        ],
        details=(
            "It stays until it is released or its time is up, whatever becomes of this process. A later\n"
            "acquisition has a greater token. If the lock is held, by the same holder too, that is exit\n"
            "code 4. If the token cannot be printed, the lock is released: exit code 1."
        ),
        example=(
            "token=$(sloth-runner lock acquire deployment --holder ci-42 --ttl 300 --wait 30)\n"
            "sloth-runner lock release deployment --holder ci-42"
        ),
    ),
    Command(
        ("lock", "release"),
        "release a lock",
        release,
        positionals=[_NAME],
        options=[*WHOSE, _HOLDER],
        details="Not held by that holder, or no longer: exit code 6.",
        example="sloth-runner lock release deployment --holder ci-42",
    ),
    Command(
        ("lock", "history"),
        "show who held a lock, and how each acquisition ended",
        history,
        positionals=[
            Positional(
                "name",
                "NAME",
                "of the lock; default: all locks",
                count="?",
                convert=utf8,
                complete="locks",
            )
        ],
        options=[
            *WHOSE,
            Option(("-n", "--limit"), "at most N; default: 100", metavar="N", default=100, convert=revision),
            output_option("table", *RECORDS),
        ],
        details=(
            "Newest first. released and broken say by whom; expired: its time was over; abandoned: its\n"
            "process ended without a release; held: it holds the lock now. The last 1,000 acquisitions of\n"
            "all locks are kept, on S3 the last 20 of each. Those by other programs are not among them."
        ),
        example="sloth-runner lock history deployment\nsloth-runner lock history -n 10 -o jsonl",
    ),
    Command(
        ("lock", "break"),
        "take a lock away from its holder",
        break_lock,
        positionals=[_NAME],
        options=WHOSE,
        details=(
            "The next write its holder makes under this lock fails. Who broke it is recorded: see\n"
            "lock list --broken."
        ),
        example="sloth-runner lock break deployment",
    ),
)
