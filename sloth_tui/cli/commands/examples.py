"""``examples`` and ``examples show``: list and print the task files that come with the program."""

from __future__ import annotations

from sloth_tui.cli.output import columns, tables
from sloth_tui.cli.output.formats import write_records
from sloth_tui.cli.parsing.spec import RECORDS, Arguments, Command, Positional, output_option
from sloth_tui.errors import ExitCode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.cli.output.stdout import Output


def list_examples(arguments: Arguments, out: Output) -> int:
    from sloth_tui.runner import examples

    found = [(name, examples.summary(name)) for name in examples.names()]
    if arguments.output == "keys":
        for name, _ in found:
            out.line(name)
    elif arguments.output == "table":
        tables.write_rows([columns.word("EXAMPLE"), columns.text("SHOWS")], found, out)
    else:
        write_records(_FIELDS, (_record(*row) for row in found), arguments.output, out)
    return ExitCode.OK


def show_example(arguments: Arguments, out: Output) -> int:
    from sloth_tui.runner import examples

    out.line(examples.source(arguments.name).rstrip("\n"), lines=True)
    return ExitCode.OK


_FIELDS = ("name", "shows")


def _record(name: str, shows: str) -> dict[str, object]:
    return {"name": name, "shows": shows}


COMMANDS = (
    Command(
        ("examples",),
        "list the task files that come with the program",
        list_examples,
        options=[output_option("table", *RECORDS, "keys")],
        example="sloth-runner examples\nsloth-runner run --example deploy",
    ),
    Command(
        ("examples", "show"),
        "print one of them, to read or to begin your own with",
        show_example,
        positionals=[Positional("name", "NAME", "one of sloth-runner examples", complete="examples")],
        example="sloth-runner examples show deploy\nsloth-runner examples show deploy > deploy.lua",
    ),
)
