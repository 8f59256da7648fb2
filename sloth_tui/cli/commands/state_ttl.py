"""``state ttl``, ``state expire`` and ``state persist``: the time that an entry has to live."""

from __future__ import annotations

from sloth_tui.cli.commands import entries, tell, writing
from sloth_tui.cli.parsing.spec import WHOSE, Arguments, Command, Positional, utf8
from sloth_tui.errors import ExitCode, KeyNotFound
from sloth_tui.text import format_duration
from sloth_tui.values.parse import duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.cli.output.stdout import Output


def ttl(arguments: Arguments, out: Output) -> int:
    with entries(arguments) as store:
        left = store.ttl(arguments.key)
        if left is None:
            store.entry(arguments.key)
    if left is not None:
        out.line(f"{left:.3f}")
    return ExitCode.OK


def expire(arguments: Arguments, out: Output) -> int:
    _limit(arguments, f"expire {arguments.key} {arguments.seconds:g}", arguments.seconds)
    tell(f"{arguments.key} is gone after {format_duration(arguments.seconds)}")
    return ExitCode.OK


def persist(arguments: Arguments, out: Output) -> int:
    _limit(arguments, f"persist {arguments.key}", None)
    tell(f"{arguments.key} stays")
    return ExitCode.OK


def _limit(arguments: Arguments, title: str, left: float | None) -> None:
    with writing(arguments, title) as store:
        if not store.set_ttl(arguments.key, left):
            raise KeyNotFound(f"no key '{arguments.key}'")


_KEY = Positional("key", "KEY", "which entry", convert=utf8, complete="keys")

COMMANDS = (
    Command(
        ("state", "ttl"),
        "print the seconds that an entry has left",
        ttl,
        positionals=[_KEY],
        options=WHOSE,
        details="Prints nothing if the entry has no time to live. A key that is not there is exit code 3.",
        example="sloth-runner state ttl cluster:leader",
    ),
    Command(
        ("state", "expire"),
        "give an entry a time to live: it is gone when that is over",
        expire,
        positionals=[
            _KEY,
            Positional(
                "seconds", "SECONDS", "from now on, or 5m, 2h, 1d; at most ten years", convert=duration
            ),
        ],
        options=WHOSE,
        details="The value and its revision stay. A key that is not there is exit code 3.",
        example="sloth-runner state expire cluster:leader 30",
    ),
    Command(
        ("state", "persist"),
        "take the time to live of an entry away, so that it stays",
        persist,
        positionals=[_KEY],
        options=WHOSE,
        details="The value and its revision stay. A key that is not there is exit code 3.",
        example="sloth-runner state persist cluster:leader",
    ),
)
