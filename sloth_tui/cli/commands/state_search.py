"""``state search``: find text in keys and values."""

from __future__ import annotations

from sloth_tui.cli.commands import reading
from sloth_tui.cli.output import columns
from sloth_tui.cli.output.formats import write_records
from sloth_tui.cli.output.records import entry_record
from sloth_tui.cli.output.tables import write_rows
from sloth_tui.cli.parsing.spec import (
    RECORDS,
    WHOSE,
    Arguments,
    Command,
    Option,
    Positional,
    output_option,
    prefix_argument,
    utf8,
)
from sloth_tui.errors import ExitCode, UsageError
from sloth_tui.store import open_agents, open_store
from sloth_tui.store.search import IN_KEYS, IN_VALUES, search

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.store.search import Found

FIELDS = ("agent", "key", "value", "type", "in_key", "in_value", "line", "updated_at", "revision")


def search_entries(arguments: Arguments, out: Output) -> int:
    if not arguments.text:
        raise UsageError("TEXT must not be empty", hint="state list shows everything")
    if arguments.all_agents and arguments.agent is not None:
        raise UsageError("--all-agents and --agent exclude each other", hint="give one of them")
    found = _found(arguments)
    if arguments.output == "keys":
        for each in found:
            out.line(each.entry.key)
    elif arguments.output == "table":
        count = write_rows(_COLUMNS, map(_row, found), out)
        if not count and out.terminal:
            from sloth_tui.cli.output.diagnostics import tell

            tell("nothing found")
    else:
        write_records(FIELDS, map(_record, found), arguments.output, out)
    return ExitCode.OK


def _found(arguments: Arguments) -> Iterator[Found]:
    where = tuple(
        name for name, only in ((IN_KEYS, arguments.values), (IN_VALUES, arguments.keys)) if not only
    )
    if not where:
        raise UsageError("--keys and --values exclude each other", hint="without either, both are searched")
    if not arguments.all_agents:
        with reading(arguments) as store:
            yield from search(store, arguments.text, prefix=arguments.prefix, where=where)
        return
    address = arguments.address()
    for agent in open_agents(address).names():
        with open_store(agent, "read", address=address, settings=arguments.settings) as store:
            yield from search(store, arguments.text, prefix=arguments.prefix, where=where)


_COLUMNS = [
    columns.word("AGENT"),
    columns.text("KEY"),
    columns.word("IN"),
    columns.number("LINE"),
    columns.text("TEXT"),
]


def _row(found: Found) -> Sequence[object]:
    where = " ".join(word for word, there in (("key", found.in_key), ("value", found.in_value)) if there)
    return (found.agent, found.entry.key, where, found.line, found.excerpt)


def _record(found: Found) -> dict[str, object]:
    entry = entry_record(found.entry)
    more = {
        "agent": found.agent,
        "in_key": found.in_key,
        "in_value": found.in_value,
        "line": found.line,
    }
    return {field: more[field] if field in more else entry[field] for field in FIELDS}


COMMANDS = (
    Command(
        ("state", "search"),
        "find text in keys and values",
        search_entries,
        positionals=[
            Positional("text", "TEXT", "what to find, to the letter", convert=utf8),
            prefix_argument("only keys that begin with this"),
        ],
        options=[
            *WHOSE,
            Option(("--all-agents",), "in the state of every agent of the store"),
            Option(("--keys",), "in keys only"),
            Option(("--values",), "in values only"),
            output_option("table", *RECORDS, "keys"),
        ],
        details=(
            "No character of TEXT has a meaning, and case matters. A value is searched as state get prints\n"
            "it. Piped, the table is one entry a line, separated by tabs: agent, key, where (key, value or\n"
            "both), the line of the value with the first match, and that line, cut around it. Nothing\n"
            "found is no failure."
        ),
        example=(
            "sloth-runner state search v1.2.3\n"
            "sloth-runner state search '10.0.0.' hosts: --values --all-agents\n"
            "sloth-runner state search --keys nginx -o keys"
        ),
    ),
)
