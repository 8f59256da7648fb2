"""``state increment``: add to a number, exact even if other processes do so at the same time."""

from __future__ import annotations

from sloth_tui.cli.commands import writing
from sloth_tui.cli.parsing.spec import WHOSE, Arguments, Command, Positional, utf8
from sloth_tui.errors import ExitCode, SlothError
from sloth_tui.values.parse import number
from sloth_tui.values.render import compact

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.cli.output.stdout import Output


def increment(arguments: Arguments, out: Output) -> int:
    key, by = arguments.key, arguments.by
    with writing(arguments, f"increment {key} {compact(by)}") as store, store.transaction():
        total = compact(store.increment(key, by))
        out.check_open("nothing was added: the sum could not be told")
    out.line(total)
    try:
        out.deliver()
    except SlothError as error:
        # Other programs may have read the sum by now, so it stays.
        error.hint = f"'{key}' was changed all the same and is {total}; adding again would add twice"
        raise
    return ExitCode.OK


COMMANDS = (
    Command(
        ("state", "increment"),
        "add to a number and print the sum",
        increment,
        positionals=[
            Positional("key", "KEY", "the counter; 0 if it is not there", convert=utf8, complete="keys"),
            Positional(
                "by", "N", "what to add, may be negative; default: 1", count="?", default=1, convert=number
            ),
        ],
        options=WHOSE,
        details=(
            "A value that is not a number is left as it is, exit code 5. A sum that cannot be printed\n"
            "is told on stderr, exit code 1."
        ),
        example=(
            "build=$(sloth-runner state increment build:number)\n"
            "sloth-runner state increment queue:waiting -- -5"
        ),
    ),
)
