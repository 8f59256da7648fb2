"""``state get``: print bare values, for scripts. Every import here adds to their start-up time."""

from __future__ import annotations

from sloth_tui.cli.commands import entries
from sloth_tui.cli.parsing.spec import WHOSE, Arguments, Command, Option, Positional, utf8
from sloth_tui.errors import ExitCode, KeyNotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.model import Value


def get(arguments: Arguments, out: Output) -> int:
    keys: list[str] = arguments.keys
    with entries(arguments) as store:
        found = store.get_many(keys)
        for key in keys:
            if key in found:
                _write(found[key], out, raw=arguments.raw)
        missing = [key for key in keys if key not in found]
        if len(missing) == 1:
            store.entry(missing[0])
    if missing:
        from sloth_tui.text import listed

        raise KeyNotFound("no such keys: " + listed([f"'{key}'" for key in missing]))
    return ExitCode.OK


def _write(value: Value, out: Output, *, raw: bool) -> None:
    end = "" if raw or isinstance(value, bytes) else "\n"
    if not isinstance(value, str | bytes):
        from sloth_tui.values.render import compact

        value = compact(value)
    out.line(value, lines=True, end=end)


COMMANDS = (
    Command(
        ("state", "get"),
        "print the bare values of keys, for scripts",
        get,
        positionals=[Positional("keys", "KEY", "what to print", count="+", convert=utf8, complete="keys")],
        options=[*WHOSE, Option(("--raw",), "no line feed after a value")],
        details=(
            "Text, numbers, booleans (true, false) and tables (compact JSON) end in a line feed, bytes come\n"
            "as they are. A key that is not there is named on stderr, and the exit code is 3; the values\n"
            "of the others are printed all the same."
        ),
        example=(
            "version=$(sloth-runner state get deployment:version)\n"
            "sloth-runner state get --raw tls:certificate > certificate.pem"
        ),
    ),
)
