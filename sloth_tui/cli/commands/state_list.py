"""``state list``: list the entries of an agent. JSON and keys need no modules but those imported here."""

from __future__ import annotations

from sloth_tui.cli.commands import entries
from sloth_tui.cli.parsing.spec import (
    RECORDS,
    WHOSE,
    Arguments,
    Command,
    Option,
    output_option,
    prefix_argument,
)
from sloth_tui.errors import ExitCode
from sloth_tui.values.render import pretty, string

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.model import Value


def list_entries(arguments: Arguments, out: Output) -> int:
    if arguments.at is not None:
        return _list_past(arguments, out)
    with entries(arguments) as store:
        if arguments.output == "json":
            _write_json(store.items(arguments.prefix), out)
        elif arguments.output == "keys":
            for key in store.keys(arguments.prefix):
                out.line(key)
        else:
            from sloth_tui.cli.output.records import write_entries

            count = write_entries(store.entries(arguments.prefix), arguments.output, out)
            if not count and out.terminal:
                _tell_nothing(store.agent, arguments.prefix)
    return ExitCode.OK


def _list_past(arguments: Arguments, out: Output) -> int:
    from sloth_tui.cli.commands import reading
    from sloth_tui.cli.output.records import write_entries
    from sloth_tui.cli.parsing.when import revision_of

    with reading(arguments) as store:
        found = store.entries_at(revision_of(store, arguments.at), arguments.prefix)
        if arguments.output == "json":
            _write_json(((entry.key, entry.value) for entry in found), out)
        elif arguments.output == "keys":
            for entry in found:
                out.line(entry.key)
        elif not write_entries(found, arguments.output, out) and out.terminal:
            _tell_nothing(store.agent, arguments.prefix)
    return ExitCode.OK


def _moment(word: str) -> object:
    from sloth_tui.cli.parsing.when import moment

    return moment(word)


def _tell_nothing(agent: str, prefix: str) -> None:
    from sloth_tui.cli.output.diagnostics import tell

    tell(f"agent '{agent}' has no entries" + (f" that begin with '{prefix}'" if prefix else ""))


def _write_json(items: Iterable[tuple[str, Value]], out: Output) -> None:
    before = "{\n  "
    for key, value in items:
        out.json(f"{before}{string(key)}: {pretty(value, chr(10) + '  ')}")
        before = ",\n  "
    out.json("{}\n" if before.startswith("{") else "\n}\n")


COMMANDS = (
    Command(
        ("state", "list"),
        "list the entries of an agent, in key order",
        list_entries,
        positionals=[prefix_argument("only keys that begin with this, taken literally")],
        options=[
            *WHOSE,
            Option(
                ("--at",),
                "as it was at a revision, or at a time like 2026-01-31T14:00Z or '10m ago'",
                metavar="WHEN",
                convert=_moment,
            ),
            output_option("table", *RECORDS, "keys"),
        ],
        details=(
            "On a terminal the table shows ages and cuts long values, saying how much is missing. Piped,\n"
            "it is one entry a line, without a heading: key, value, type, size in bytes, updated, revision,\n"
            "separated by tabs, control characters shown as pictures. The other formats are exact. With\n"
            "--at a value that was kept out of history is empty, and its type is secret."
        ),
        example=(
            "sloth-runner state list package: --agent production\n"
            "sloth-runner state list --output json | jq '.[\"deployment:version\"]'"
        ),
    ),
)
